package authsvc

// people is what the methods that people call need beside the store.
type people struct {
	pages *sealer // page tokens
}

func newPeople(cfg Config) (people, error) {
	pages, err := newSealer(cfg, labelPage)
	if err != nil {
		return people{}, err
	}
	return people{pages: pages}, nil
}
