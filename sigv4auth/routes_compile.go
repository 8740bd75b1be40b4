package sigv4auth

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// newRouteTable compiles cfg.Routes, and reports all mistakes in it. It returns nil if there are
// none.
func newRouteTable(cfg *AuthorizerConfig, mistake func(field, problem string)) *routeTable {
	if cfg.Routes == nil {
		return nil
	}
	if len(cfg.Routes) == 0 {
		mistake("Routes", "is empty, which would deny every request: leave it nil if there is another router")
	}
	if cfg.InsecureObjectPaths {
		mistake("InsecureObjectPaths", "cannot be had with Routes: a ServeMux cleans paths")
	}
	if !muxMatchesMethods() {
		mistake("Routes", "needs a ServeMux whose patterns have methods: take httpmuxgo121 out of GODEBUG")
	}
	t := &routeTable{mux: http.NewServeMux(), answers: http.NewServeMux()}
	for _, pattern := range slices.Sorted(maps.Keys(cfg.Routes)) {
		field := fmt.Sprintf("Routes[%q]", pattern)
		declared := cfg.Routes[pattern]
		rt := &route{pattern: forLog(pattern), body: declared.Body, ask: declared.Authorize, handler: declared.Handler}
		if err := register(t.answers, pattern, rt); err != nil {
			mistake(field, err.Error())
			continue
		}
		_ = register(t.mux, pattern, rt) // as above
		if f, ok := rt.handler.(http.HandlerFunc); rt.handler == nil || ok && f == nil {
			mistake(field+".Handler", "is required")
		}
		c := routeCompiler{cfg, rt, patternWildcards(pattern), func(name, format string, args ...any) {
			mistake(strings.TrimSuffix(field+"."+name, "."), fmt.Sprintf(format, args...))
		}}
		c.compile(&declared)
	}
	// It conflicts only with a pattern that matches everything, too; then nothing is missed.
	_ = register(t.mux, "/", &route{})
	return t
}

// muxMatchesMethods reports whether patterns mean to a ServeMux what they mean here. With the
// setting httpmuxgo121 of GODEBUG they do not.
func muxMatchesMethods() bool {
	mux := http.NewServeMux()
	mux.Handle("GET /{a}", &route{})
	_, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/a"}})
	return pattern != ""
}

// register adds a route to mux. The mux's complaint comes without the place in this file.
func register(mux *http.ServeMux, pattern string, rt *route) (err error) {
	defer func() {
		if v := recover(); v != nil {
			text := strings.TrimPrefix(fmt.Sprint(v), "http: ")
			for {
				before, place, found := strings.Cut(text, " (registered at ")
				_, after, closed := strings.Cut(place, ")")
				if !found || !closed {
					break
				}
				text = before + after
			}
			err = fmt.Errorf("cannot be routed: %s", strings.ReplaceAll(text, "\n", " "))
		}
	}()
	mux.Handle(pattern, rt)
	return nil
}

// routeCompiler compiles one Route.
type routeCompiler struct {
	cfg     *AuthorizerConfig
	rt      *route
	names   wildcards
	mistake func(name, format string, args ...any)
}

func (c *routeCompiler) compile(declared *Route) {
	mapped := declared.Action != "" || declared.Resource != ""
	switch {
	case declared.Open && declared.Authorize != nil:
		c.mistake("", "is Open and has an Authorize: one of them decides")
	case declared.Open:
		c.rt.kind = AuthorizationNone
	case declared.Authorize != nil:
		c.rt.kind = AuthorizationCustom
	}
	switch {
	case declared.Body > BodySpooled:
		c.mistake("Body", "is not a BodyDelivery: %d", declared.Body)
	case declared.Body != BodyByMode && c.rt.kind != AuthorizationIAM:
		c.mistake("Body", "is for requests that are signed, which Open and Authorize do not ask for")
	}
	switch {
	case c.rt.kind != AuthorizationIAM && (mapped || declared.Context != nil):
		c.mistake("", "has an Action, a Resource or a Context, which Open and Authorize do not look at")
	case c.rt.kind != AuthorizationIAM || declared.Open:
	case c.cfg.Target != nil && mapped:
		c.mistake("", "has an Action or a Resource: AuthorizerConfig.Target names them")
	case c.cfg.Target == nil && !mapped:
		c.mistake("", "needs an Action and a Resource, or Open, or Authorize")
	case c.cfg.Target == nil:
		c.action(declared.Action)
		c.resource(declared.Resource)
	}
	c.context(declared.Context)
}

func (c *routeCompiler) action(action string) {
	service, name, _ := strings.Cut(action, ":")
	if !validScopePart(service) || !validScopePart(name) {
		c.mistake("Action", "must be service:name, of letters, digits, '-', '_' and '.', not %q", action)
	}
	c.rt.action = action
}

func (c *routeCompiler) resource(resource string) {
	parsed, err := parseTemplate(resource, c.names)
	if err != nil {
		c.mistake("Resource", "%v: %q", err, resource)
		return
	}
	c.rt.resource = parsed
	account := ""
	if resource != "*" {
		if strings.ContainsAny(resource, "*?") {
			c.mistake("Resource", "is what one request asks for, and no pattern: %q", resource)
		}
		var ok bool
		// What a request brings must not shift the account (threat 145).
		if len(parsed) > 0 {
			_, account, _, ok = cutAccount(parsed[0].text)
		}
		if !ok || !strings.HasPrefix(resource, "arn:") {
			c.mistake("Resource", `must be an ARN, with no wildcard before its fifth colon, or "*", not %q`, resource)
			return
		}
	}
	if account == "" && (c.cfg.ResourceAccount == "" || c.cfg.ResourceAccount == AccountInARN) {
		c.mistake("Resource", "names no account, and AuthorizerConfig.ResourceAccount none either: %q would belong to nobody", resource)
	}
}

func (c *routeCompiler) context(keys map[string]string) {
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		field, lower := fmt.Sprintf("Context[%q]", key), strings.ToLower(key)
		prefix, name, _ := strings.Cut(key, ":")
		switch {
		case prefix == "" || name == "":
			c.mistake(field, "is no condition key: it needs the form service:name")
		case serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/"):
			c.mistake(field, "is a key that the server itself knows")
		case seen[lower]:
			c.mistake(field, "is there twice: condition keys have no case")
		}
		seen[lower] = true
		value, err := parseTemplate(keys[key], c.names)
		if err != nil {
			c.mistake(field, "%v: %q", err, keys[key])
		}
		c.rt.context = append(c.rt.context, routeKey{key, value})
	}
}
