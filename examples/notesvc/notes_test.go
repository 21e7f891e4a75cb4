package notesvc

import "testing"

func TestWatcherMissesNothingAfterAPurge(t *testing.T) {
	t.Parallel()
	n := New()
	n.add("ada", "one")
	n.add("ada", "two")
	_, index, _ := n.since("ada", 0)
	n.add("ada", "purged before it was seen")
	n.purge()
	for _, text := range []string{"three", "four"} {
		n.add("ada", text)
		notes, next, _ := n.since("ada", index)
		if len(notes) != 1 || notes[0].GetText() != text {
			t.Errorf("the watcher saw %v, want %q alone", notes, text)
		}
		index = next
	}
}
