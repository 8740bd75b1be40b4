package signedapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Regional holds an Authenticator for each region whose credential scope is accepted.
type Regional struct {
	regions  []string // the first is for requests that name none of them
	byRegion map[string]*sigv4auth.Authenticator
}

// NewRegional returns the Authenticators of cfg, for its Region and more.
func NewRegional(cfg sigv4auth.Config, more []string) (*Regional, error) {
	g := &Regional{regions: all(cfg.Region, more), byRegion: map[string]*sigv4auth.Authenticator{}}
	for _, cfg.Region = range g.regions {
		a, err := sigv4auth.New(cfg)
		if err != nil {
			return nil, err
		}
		g.byRegion[cfg.Region] = a
	}
	return g, nil
}

// Of returns the region that a request is signed for, as it says. What it says is verified later;
// one that names none of the regions is refused by the first.
func (g *Regional) Of(r *http.Request) string {
	if len(g.regions) == 1 {
		return g.regions[0]
	}
	said := func(header, parameter string) string {
		if values := r.Header[header]; len(values) > 0 {
			return values[0]
		}
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			if name, value, _ := strings.Cut(pair, "="); name == parameter {
				value, _ = url.QueryUnescape(value)
				return value
			}
		}
		return ""
	}
	credential := said("Authorization", "X-Amz-Credential")
	if _, after, ok := strings.Cut(credential, "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	scope := strings.SplitN(credential, "/", 6) // access key ID, date, region, service, aws4_request
	if len(scope) == 5 {
		if _, ok := g.byRegion[scope[2]]; ok {
			return scope[2]
		}
		return g.regions[0]
	}
	set := said("X-Amz-Region-Set", "X-Amz-Region-Set")
	for _, region := range g.regions {
		for pattern := range strings.SplitSeq(set, ",") {
			before, star := strings.CutSuffix(strings.TrimSpace(pattern), "*")
			if before == region || star && strings.HasPrefix(region, before) {
				return region
			}
		}
	}
	return g.regions[0]
}

// All returns the Authenticators by region. The caller does not change what it returns.
func (g *Regional) All() map[string]*sigv4auth.Authenticator { return g.byRegion }

// all returns every region once, the first in front.
func all(first string, more []string) []string {
	regions := []string{first}
	for _, region := range more {
		if !slices.Contains(regions, region) {
			regions = append(regions, region)
		}
	}
	return regions
}
