package spec

import "strings"

// secretHeaders are the request headers whose values say who somebody is.
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie"}

// SecretHeader reports whether the value of a request header is a secret, and which variable of the environment
// it is taken from where it is not written down.
func SecretHeader(name string) (variable string, secret bool) {
	for _, h := range secretHeaders {
		if strings.EqualFold(h, name) {
			return strings.ToUpper(strings.ReplaceAll(h, "-", "_")), true
		}
	}
	return "", false
}
