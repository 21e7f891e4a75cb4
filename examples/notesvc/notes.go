package notesvc

import (
	"sync"

	"google.golang.org/protobuf/types/known/timestamppb"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
)

// Notes is the notes of everyone. It is safe for concurrent use.
type Notes struct {
	notesv1.UnimplementedNotesServiceServer

	mu      sync.Mutex
	bySub   map[string][]*notesv1.Note
	gone    map[string]int // how many notes of an owner were purged
	changed chan struct{}  // closed and replaced at every change
}

// New is an empty collection.
func New() *Notes {
	return &Notes{bySub: map[string][]*notesv1.Note{}, gone: map[string]int{}, changed: make(chan struct{})}
}

// add keeps a note for its owner.
func (n *Notes) add(owner, text string) *notesv1.Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	note := &notesv1.Note{Id: newID(), Text: text, CreatedAt: timestamppb.Now()}
	n.bySub[owner] = append(n.bySub[owner], note)
	close(n.changed)
	n.changed = make(chan struct{})
	return note
}

// since gives the owner's notes from index on, the index after them, and what
// closes at the next change. Notes that were purged keep their indices.
func (n *Notes) since(owner string, index int) ([]*notesv1.Note, int, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all, gone := n.bySub[owner], n.gone[owner]
	return all[max(index-gone, 0):], gone + len(all), n.changed
}

// purge forgets everything and counts it.
func (n *Notes) purge() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	purged := 0
	for owner, notes := range n.bySub {
		n.gone[owner] += len(notes)
		purged += len(notes)
	}
	clear(n.bySub)
	return purged
}
