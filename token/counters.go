package token

// Counters are what tokens of ours are measured by when something is revoked:
// a token that carries a lower one than the one that stands was made before.
// Counters don't depend on clocks, so that nothing is in doubt within a second.
type Counters struct {
	// All is for every token of the issuer, Client for those of a client, and
	// Subject for those of a subject.
	All, Client, Subject int64
}

// Counters are `rv`: a list of three whole numbers, for everything, the client
// and the subject. false: the token has none, and no counter concerns it.
func (c *Claims) Counters() (counters Counters, ok bool) {
	list := c.Claim("rv")
	if list.Len() != 3 {
		return Counters{}, false
	}
	into := []*int64{&counters.All, &counters.Client, &counters.Subject}
	i := 0
	for item := range list.Items() {
		if *into[i], ok = item.Int(); !ok {
			return Counters{}, false
		}
		i++
	}
	return counters, i == 3
}

// Before reports whether a token with these counters was made before the ones
// that stand.
func (c Counters) Before(stand Counters) bool {
	return c.All < stand.All || c.Client < stand.Client || c.Subject < stand.Subject
}
