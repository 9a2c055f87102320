package extern

// Lent is where a program listens that others ask in the place of a trial's clients.
type Lent struct {
	Address string `json:"address"`
	TLS     bool   `json:"tls,omitempty"`
}
