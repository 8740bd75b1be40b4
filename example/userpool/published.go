package userpool

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Published returns the handler of what the pool's tokens are verified with, for anybody:
// /ID/.well-known/jwks.json and /ID/.well-known/openid-configuration, by GET and HEAD, below
// whatever path the issuer's URL has before /ID. Other paths are not found. The keys are those
// that sign now, the next one, and those whose tokens are not all over.
func (p *Pool) Published() http.Handler {
	discovery, err := json.Marshal(map[string]any{
		"issuer": p.cfg.Issuer, "jwks_uri": p.cfg.Issuer + "/.well-known/jwks.json",
		// There is no authorization_endpoint: nobody is redirected here to sign in.
		"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, document, ok := strings.Cut(r.URL.Path, "/"+p.cfg.ID+"/.well-known/")
		if !ok || document != "jwks.json" && document != "openid-configuration" || err != nil {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		body := discovery
		if document == "jwks.json" {
			var failed error
			if body, failed = p.jwks(r); failed != nil {
				p.cfg.Failed(r.Context(), failed)
				http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
				return
			}
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Access-Control-Allow-Origin", "*")     // it is public
		h.Set("Cache-Control", "public, max-age=300") // less than keyAnnounced
		_, _ = w.Write(body)                          // the client has gone; there is nobody to tell
	})
}

func (p *Pool) jwks(r *http.Request) ([]byte, error) {
	all, err := p.signingKeys(r.Context())
	if err != nil {
		return nil, err
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for now, i := p.now(), 0; i < len(all); i++ {
		if !all[i].over(now) {
			set.Keys = append(set.Keys, all[i].public)
		}
	}
	return json.Marshal(set)
}
