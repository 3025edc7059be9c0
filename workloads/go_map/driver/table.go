package driver

import "strings"

// table is the map under test, and the exact sum of what has been made for it and not dropped.
type table struct {
	m             map[string][]string
	bytes, blocks uint64
}

func (t *table) build(b *batch) {
	if t.m == nil {
		t.m = make(map[string][]string)
	}
	for index := b.first; index < b.end; index++ {
		d := b.shape.draft(index)
		if b.skipSurvivors && b.shape.survives(string(d.key[:])) {
			continue
		}
		t.insert(&d, b)
	}
}

func (t *table) insert(d *draft, b *batch) {
	texts := make([]string, d.strings)
	t.bytes += recordBytes(d.strings)
	t.blocks += 2 + uint64(d.strings)
	for i := range texts {
		texts[i] = strings.Clone(d.drawString(b))
		t.bytes += uint64(len(texts[i]))
	}
	t.m[string(d.key[:])] = texts
}

func (t *table) check() uint64 {
	var sum uint64
	for key, texts := range t.m {
		sum += checksum(key, texts)
	}
	return sum
}

// drop removes the batch's records that do not survive, in the shape's order.
func (t *table) drop(b *batch) {
	s := b.shape
	switch {
	case s.survivorsPPM == 0 && s.removal == removalFree:
		*t = table{} // m = nil
	case s.survivorsPPM == 0 && s.order == orderHash:
		t.clear()
	case s.order == orderHash:
		for key := range t.m {
			if !s.survives(key) {
				t.remove(key)
			}
		}
	case s.order == orderInsertion:
		for index := b.first; index < b.end; index++ {
			t.removeIndex(s, index)
		}
	default:
		for index := b.end; index > b.first; index-- {
			t.removeIndex(s, index-1)
		}
	}
}

// clear is, to the letter, the loop that the compiler turns into one clear of the map; the buckets stay. Inlined, Go 1.19
// no longer recognises it; a test looks at the program (cmake/go.cmake).
//
//go:noinline
func (t *table) clear() {
	m := t.m
	for key := range m {
		delete(m, key)
	}
	t.bytes, t.blocks = 0, 0
}

// Drawn again from its index: a Go map knows of no insertion order.
func (t *table) removeIndex(s *shape, index uint64) {
	d := s.draft(index)
	if key := string(d.key[:]); !s.survives(key) {
		t.remove(key)
	}
}

func (t *table) remove(key string) {
	texts, found := t.m[key]
	if !found {
		return
	}
	t.bytes -= recordBytes(uint32(len(texts)))
	t.blocks -= 2 + uint64(len(texts))
	for _, text := range texts {
		t.bytes -= uint64(len(text))
	}
	delete(t.m, key)
}
