package oidc

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// The paths below the issuer's URL, as AWS's issuers have them. The first is that of OpenID Connect
// Discovery.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/.well-known/jwks.json"
)

// maxAgeSeconds is how long caches may keep an answer.
const maxAgeSeconds = 300

func discoveryDocument(issuer string) ([]byte, error) {
	var names []string
	for _, alg := range signed {
		names = append(names, string(alg))
	}
	return json.Marshal(map[string]any{
		"issuer":                                issuer,
		"jwks_uri":                              issuer + keysPath,
		"response_types_supported":              []string{"id_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": names,
		"claims_supported":                      []string{"iss", "sub", "aud", "iat", "exp", "jti", awsClaims},
	})
}

// Handler serves what the issuer's tokens are verified with, below the issuer's URL:
// /.well-known/openid-configuration and /.well-known/jwks.json, by GET and HEAD, to anybody. Other
// paths are not found. The path of the issuer's URL stands in front of the request's: a router MUST
// NOT strip it. The keys are those that sign now, those that will, and those whose tokens are not
// all over.
func (s *Signer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+s.path+discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, s.discovery)
	})
	mux.HandleFunc("GET "+s.path+keysPath, func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.Marshal(s.published(s.now()))
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError) // unreachable: public keys can be written
			return
		}
		writeJSON(w, body)
	})
	return mux
}

func writeJSON(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(maxAgeSeconds))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
