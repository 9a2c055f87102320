package gateway

// NewMemory is the Net of a simulated world, for the test that holds both to one seam.
var NewMemory = newMemNet
