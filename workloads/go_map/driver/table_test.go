package driver

import (
	"fmt"
	"testing"
)

func small() shape {
	return shape{records: 1000, stringsMin: 1, stringsMax: 3, lengthMin: 0, lengthMax: 30, order: orderHash, seed: 7}
}

func newBatch(s *shape) *batch {
	return &batch{shape: s, pool: newPool(s), end: s.records}
}

func (t *table) agrees(expected sums) bool {
	return t.bytes == expected.bytes && t.check() == expected.checksum && uint64(len(t.m)) == expected.records
}

// What hash_chained tells of the same shape.
func TestChecksumsAreThoseOfC(t *testing.T) {
	for _, known := range []struct {
		stringsMin, stringsMax uint32
		all, survivors         uint64
	}{
		{1, 1, 9325788468033489674, 13072479161815721891},
		{2, 5, 7032037420190804854, 12723626077053099081},
	} {
		s := shape{records: 1000, stringsMin: known.stringsMin, stringsMax: known.stringsMax, lengthMin: 15,
			lengthMax: 30, survivorsPPM: 100000, seed: 1}
		all, survivors := newBatch(&s).expect()
		if all.checksum != known.all || survivors.checksum != known.survivors {
			t.Errorf("%+v: %d, of survivors %d", s, all.checksum, survivors.checksum)
		}
	}
}

func TestATableHoldsWhatTheShapeSays(t *testing.T) {
	s := small()
	b := newBatch(&s)
	all, _ := b.expect()
	var built table
	built.build(b)
	if !built.agrees(all) || built.blocks < 3*s.records {
		t.Errorf("%d bytes in %d blocks, %+v expected", built.bytes, built.blocks, all)
	}
}

func TestADropLeavesTheSurvivorsAndARebuildBringsTheOthersBack(t *testing.T) {
	for _, o := range []order{orderInsertion, orderReverse, orderHash} {
		for _, r := range []removal{removalFree, removalDelete} {
			for _, ppm := range []uint32{0, 100000, 1000000} {
				t.Run(fmt.Sprint(o, r, ppm), func(t *testing.T) {
					s := small()
					s.order, s.removal, s.survivorsPPM = o, r, ppm
					b := newBatch(&s)
					all, survivors := b.expect()
					var kept table
					kept.build(b)
					blocks := kept.blocks
					kept.drop(b)
					if !kept.agrees(survivors) || (kept.blocks == 0) != (ppm == 0) {
						t.Errorf("%d bytes left in %d blocks, not %+v", kept.bytes, kept.blocks, survivors)
					}
					if isGone := kept.m == nil; isGone != (ppm == 0 && r == removalFree) {
						t.Errorf("map gone: %v", isGone)
					}
					b.skipSurvivors = true
					kept.build(b)
					if !kept.agrees(all) || kept.blocks != blocks {
						t.Errorf("%d bytes rebuilt in %d blocks, not %+v", kept.bytes, kept.blocks, all)
					}
				})
			}
		}
	}
}
