package testkit

// StartPostgres is NewPostgres for a program that is no test. stop ends the
// server and removes its data.
func StartPostgres() (url string, stop func(), err error) {
	if err := lacksPostgres(); err != nil {
		return "", nil, err
	}
	s, err := newPostgres(true)
	if err != nil {
		return "", nil, err
	}
	if err := s.Start(); err != nil {
		s.remove()
		return "", nil, err
	}
	return s.local("postgres"), s.remove, nil
}
