package password

// task is a hash to be made or to be checked. It crosses to a [Process] as it
// is, so its fields are exported; no log shows one.
type task struct {
	// ID tells the tasks of a process apart.
	ID uint64
	// Encoded is the hash to check, "" to make one with Params.
	Encoded  string
	Params   Params
	Password string
}

// answer is what became of the task with that ID.
type answer struct {
	ID      uint64
	OK      bool   // the password is right
	Encoded string // the hash that was made
}

// compute takes some 25 ms of a processor.
func (t task) compute() answer {
	if t.Encoded == "" {
		s := newArgon2id(t.Params)
		s.tag = s.derive(t.Password)
		return answer{ID: t.ID, Encoded: s.encode()}
	}
	s, err := parse(t.Encoded)
	return answer{ID: t.ID, OK: err == nil && s.match(t.Password)}
}
