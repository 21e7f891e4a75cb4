package authsvc

// NewRefreshToken makes the first refresh token of a new session.
func (s *Service) NewRefreshToken() string { return s.server.codec.first().text() }
