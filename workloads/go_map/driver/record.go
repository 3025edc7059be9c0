package driver

import "encoding/binary"

// record.h: what the map holds. A record is a function of (seed, index), the same one as in C.

const (
	keyChars    = 16
	poolBytes   = 32768
	stringBytes = 16 // of a string's header, an element of a slice
)

type order int

const (
	orderInsertion order = iota
	orderReverse
	orderHash // as the map is ranged over
)

type removal int

const (
	removalFree removal = iota
	removalDelete
)

// shape is what is built and how it is dropped, see params.h.
type shape struct {
	records                uint64
	stringsMin, stringsMax uint32
	lengthMin, lengthMax   uint32
	order                  order
	removal                removal
	survivorsPPM           uint32
	seed                   uint64
}

// batch is a run of indices to build or drop.
type batch struct {
	shape         *shape
	pool          string // from newPool
	first, end    uint64
	skipSurvivors bool // a rebuild: they are still there
}

// draft is a record before it is made.
type draft struct {
	random  uint64 // state of the generator behind the key
	strings uint32
	key     [keyChars]byte
}

// newPool returns letters in memory of their own: the texts of all strings are cut out of it.
func newPool(shape *shape) string {
	letters := newScratch(poolBytes + int(shape.lengthMax))
	state := shape.seed
	for i := range letters {
		letters[i] = byte('a' + next(&state)%26)
	}
	return asString(letters)
}

// letters makes eight letters a..p of 32 bits: each nibble becomes a byte.
func letters(bits uint32) uint64 {
	x := uint64(bits)
	x = (x | x<<16) & 0x0000FFFF0000FFFF
	x = (x | x<<8) & 0x00FF00FF00FF00FF
	x = (x | x<<4) & 0x0F0F0F0F0F0F0F0F
	return x + 0x6161616161616161
}

func (s *shape) draft(index uint64) draft {
	bits := mix(mix(s.seed) + index*golden) // a bijection: keys are unique
	d := draft{random: bits ^ s.seed, strings: s.stringsMin}
	binary.LittleEndian.PutUint64(d.key[:8], letters(uint32(bits)))
	binary.LittleEndian.PutUint64(d.key[8:], letters(uint32(bits>>32)))
	if s.stringsMax > s.stringsMin {
		d.strings = inRange(uint32(next(&d.random)), s.stringsMin, s.stringsMax)
	}
	return d
}

// drawString returns the next string of a draft, where it stands in the pool.
func (d *draft) drawString(b *batch) string {
	bits := next(&d.random)
	length := inRange(uint32(bits>>32), b.shape.lengthMin, b.shape.lengthMax)
	at := bits & (poolBytes - 1)
	return b.pool[at : at+uint64(length)]
}

// word reads eight bytes, little-endian; the compiler makes one load of it.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// survives says whether a key outlives the drop: chosen at random by the seed.
func (s *shape) survives(key string) bool {
	if s.survivorsPPM == 0 {
		return false
	}
	low, high := word(key), word(key[8:])
	x := (low ^ (high<<23 | high>>41)) * 0xBF58476D1CE4E5B9
	hash := x ^ (x >> 32)
	return mix(hash^s.seed)%1000000 < uint64(s.survivorsPPM)
}

func fold(sum uint64, text string) uint64 {
	for ; len(text) >= 8; text = text[8:] {
		sum = (sum ^ word(text)) * golden
		sum ^= sum >> 29
	}
	last := uint64(len(text)) // the length is part of the content
	for i := 0; i < len(text); i++ {
		last = last<<8 | uint64(text[i])
	}
	sum = (sum ^ last) * golden
	return sum ^ sum>>32
}

// checksum is a number for the whole content of a record; sums of it do not depend on the order of reading.
func checksum(key string, strings []string) uint64 {
	sum := fold(1, key)
	for _, text := range strings {
		sum = fold(sum, text)
	}
	return sum
}

// sums is what the shape says of records, computed without a map.
type sums struct {
	records, bytes, checksum uint64
}

func (s sums) plus(more sums) sums {
	return sums{s.records + more.records, s.bytes + more.bytes, s.checksum + more.checksum}
}

// expect computes them for all records of a batch, and for its survivors alone.
func (b *batch) expect() (all, survivors sums) {
	for index := b.first; index < b.end; index++ {
		d := b.shape.draft(index)
		one := sums{1, recordBytes(d.strings), fold(1, string(d.key[:]))}
		for i := uint32(0); i < d.strings; i++ {
			text := d.drawString(b)
			one.bytes += uint64(len(text))
			one.checksum = fold(one.checksum, text)
		}
		all = all.plus(one)
		if b.shape.survives(string(d.key[:])) {
			survivors = survivors.plus(one)
		}
	}
	return all, survivors
}

// recordBytes is what a record with that many strings asks for, beside their texts.
func recordBytes(strings uint32) uint64 {
	return keyChars + stringBytes*uint64(strings)
}
