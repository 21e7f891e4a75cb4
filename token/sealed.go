package token

// sealed holds what must not be printed. Where a Format method is not asked,
// as for a field that is not exported, fmt follows a pointer to a struct when
// the verb does not fit (%s, %d); it never follows a pointer to a pointer.
type sealed[T any] struct{ to **T }

func seal[T any](v *T) sealed[T] { return sealed[T]{to: &v} }

// open is what was sealed, or nil.
func (s sealed[T]) open() *T {
	if s.to == nil {
		return nil
	}
	return *s.to
}
