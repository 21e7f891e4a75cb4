package authclient

// Wake wakes the session's goroutine as a caller does whose renewal the timer
// has begun in the same moment.
func Wake(s *Session) { s.wake <- struct{}{} }
