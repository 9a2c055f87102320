package loadgen

import "crypto/tls"

// Insecure is what a load's connections use where its URL asks for TLS: sessions are resumed, and certificates are not
// verified, for it is the server's speed that is measured and a server under test has often none that anybody trusts.
func Insecure(host string) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, ServerName: host, NextProtos: []string{"http/1.1"},
		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
	}
}

// sessions is how many TLS sessions are kept for connections to come.
const sessions = 64
