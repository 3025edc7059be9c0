package driver

import (
	"math"
	"testing"
)

func TestSplitmix64GivesThePublishedNumbers(t *testing.T) {
	random := uint64(1234567)
	for i, published := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423,
		4593380528125082431, 16408922859458223821} {
		if got := next(&random); got != published {
			t.Errorf("number %d is %d, not %d", i, got, published)
		}
	}
}

func TestTheEndsOfTheBitsGiveTheEndsOfTheRange(t *testing.T) {
	for _, r := range [][2]uint32{{0, 0}, {7, 7}, {0, 1}, {15, 30}, {1, 1 << 24}, {0, math.MaxUint32},
		{5, math.MaxUint32}, {math.MaxUint32, math.MaxUint32}} {
		if inRange(0, r[0], r[1]) != r[0] || inRange(math.MaxUint32, r[0], r[1]) != r[1] {
			t.Errorf("%d..%d is not reached", r[0], r[1])
		}
	}
}
