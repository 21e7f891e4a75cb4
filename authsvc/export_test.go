package authsvc

// ForgeRefreshToken makes a token with a valid MAC that was never given out:
// what somebody can who knows Config.Secret.
func (s *Service) ForgeRefreshToken(genuine string, ahead int64) string {
	t, err := s.server.codec.parse(genuine)
	if err != nil {
		panic(err)
	}
	return s.server.codec.make([sessionLen]byte(t[atSession:atGen]), t.gen()+ahead).text()
}
