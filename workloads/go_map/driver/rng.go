package driver

// rng.h: splitmix64. The whole state is one number, so any record can be drawn again from its index.

const golden = 0x9E3779B97F4A7C15

func mix(x uint64) uint64 {
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9
	x = (x ^ (x >> 27)) * 0x94D049BB133111EB
	return x ^ (x >> 31)
}

func next(state *uint64) uint64 {
	*state += golden
	return mix(*state)
}

// inRange makes a number in low..high (inclusive) of 32 random bits.
func inRange(bits, low, high uint32) uint32 {
	return low + uint32((uint64(bits)*(uint64(high)-uint64(low)+1))>>32)
}
