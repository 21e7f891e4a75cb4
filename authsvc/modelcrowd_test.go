package authsvc_test

// crowd is what several do at once, most of them to one session.
func (r *modelRun) crowd() []operation {
	for len(r.m.order) == 0 {
		r.step(r.draw())
	}
	s := r.session()
	if !s.stands(r.m.now) && !r.oneIn(4) {
		r.step(r.drawLogin())
		s = r.m.sessions[r.m.order[len(r.m.order)-1]]
	}
	honest := r.newest(s)
	if r.oneIn(3) { // whatever ends a session, against its refreshes
		return []operation{honest, r.drawEndOf(s), r.newest(s), honest}
	}
	var all []operation
	for range 2 + r.rng.IntN(3) {
		switch n := r.rng.IntN(11); {
		case n < 5: // the same, as from several tabs or by an impatient client
			all = append(all, honest)
		case n < 6:
			all = append(all, r.newest(s)) // with a key of its own, where it has one
		case n < 7:
			all = append(all, r.retry(s))
		case n < 8:
			all = append(all, r.drawRefresh(s))
		case n < 9:
			all = append(all, opLogin{subject: s.subject, client: s.client, password: r.m.people[s.subject].password})
		default:
			all = append(all, r.drawEndOf(s))
		}
	}
	return all
}

// drawEndOf mostly ends this session.
func (r *modelRun) drawEndOf(s *modelSession) operation {
	switch r.rng.IntN(4) {
	case 0, 1:
		return r.drawOwner(s)
	case 2:
		return r.drawRevoke(s)
	default:
		return r.drawPerson(s.subject)
	}
}
