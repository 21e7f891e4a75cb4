package authsvc

// people is what the methods that people call need beside the store.
type people struct {
	pages, challenges *sealer
	throttle          *throttle
}

func newPeople(cfg Config) (p people, err error) {
	if p.pages, err = newSealer(cfg, labelPage); err != nil {
		return people{}, err
	}
	if p.challenges, err = newSealer(cfg, labelChallenge); err != nil {
		return people{}, err
	}
	p.throttle, err = newThrottle(cfg)
	return p, err
}
