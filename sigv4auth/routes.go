package sigv4auth

import (
	"context"
	"net/http"
	"slices"
)

// Routes is a table of routes, by pattern of [http.ServeMux]: which handler serves a request, and
// what the caller must be allowed. It is for [AuthorizerConfig]; [Authenticator.Routes] serves it.
//
//	Routes{
//		"POST /orders/{id}/cancel": {
//			Action: "orders:Cancel", Resource: "arn:acme:orders:eu-1:111122223333:order/{id}", Handler: cancel,
//		},
//		"GET /healthz": {Open: true, Handler: health},
//	}
//
// A request is matched once, by a ServeMux: the pattern that decides what it asks for is the one
// whose handler serves it. So a pattern of GET is for HEAD too, with the same Action, and hosts,
// {$} and {rest...} mean what they mean there. A path that routers may take in different ways, such
// as one with an escaped slash, is refused, on open routes too.
type Routes map[string]Route

// Route is one row of [Routes]. Like a method of API Gateway it has one type of authorization: by
// Action and Resource, for callers who sign; Open; or a function. There is no default: a Route that
// names none is a mistake.
type Route struct {
	_ struct{} // fields are named, so that more can be added

	// Action is what the request asks for, for instance "orders:Cancel".
	Action string

	// Resource is the ARN of what the request asks for. {id} stands for what the pattern's wildcard
	// {id}, or {id...}, matched: the text that r.PathValue("id") gives to the handler. It is data,
	// in which '*', '?' and '$' stand for themselves. Wildcards come after the ARN's fifth colon,
	// and each ends the ARN or has a '/' after it, so that no two paths ask for one resource. "*"
	// alone is the resource of an action that has none.
	//
	// Action and Resource are both set, or neither where AuthorizerConfig.Target names them.
	Resource string

	// Context holds condition keys of the service and their values, in which {id} stands for the
	// same as in Resource: "orders:OrderId": "{id}". Keys that the server itself knows are
	// mistakes. nil: none.
	Context map[string]string

	// Open serves everybody. Credentials are not looked at, so that a bad signature is served too,
	// and [IdentityFrom] is not ok.
	Open bool

	// Authorize decides in place of a signature and policies, for instance by a JWT. The handler
	// gets the context that it returns, which MUST descend from r's; nil: r's own. It is called
	// from many goroutines at once, and MUST NOT read the body. [IdentityFrom] is not ok for the
	// handler. A panic refuses with ErrInternalFailure.
	//
	// An error refuses. If it wraps neither an [*Error] nor a [Reason], the request is answered as
	// one that no route matches, so that the caller does not learn that this one exists; the error
	// is the Cause of what Config.Denied gets. An [*Error] or a [Reason] is answered as it is: what
	// it says the caller is to know.
	Authorize func(r *http.Request) (context.Context, error)

	// Body says how the handler gets the body of a signed request. Zero: as Config.Body has it.
	Body BodyDelivery

	// Handler serves the requests that are admitted. It is required.
	Handler http.Handler
}

// Actions returns the actions that the routes ask for, each once, in order: what
// [iampolicy.WithActions], a store's configuration and iampolicy validate -routes hold policies
// against.
func (t Routes) Actions() []string {
	var actions []string
	for _, route := range t {
		if route.Action != "" {
			actions = append(actions, route.Action)
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// Authorization is how it was decided whether a request may proceed: the authorization type of its
// [Route]. Its zero value is the usual one.
type Authorization uint8

const (
	// AuthorizationIAM is by signature, and by policies where an Authorizer was asked. It is that
	// of requests that no route matches, too.
	AuthorizationIAM Authorization = iota
	// AuthorizationNone is that of an open route: everybody is served.
	AuthorizationNone
	// AuthorizationCustom is by Route.Authorize.
	AuthorizationCustom
)

// String returns "IAM", "none" or "custom".
func (k Authorization) String() string {
	switch k {
	case AuthorizationIAM:
		return "IAM"
	case AuthorizationNone:
		return "none"
	case AuthorizationCustom:
		return "custom"
	}
	return "unknown"
}

// MarshalText returns what String does.
func (k Authorization) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Routes returns the handler that serves the routes of z's configuration, each to those who may. It
// panics if z has none. It is the router: none goes in front of it. One behind it, as the Handler
// of "/" or of the routes that it has too, has to take paths as Target or the table does.
//
// A request that no route matches is denied, and so is a method that the table does not have on a
// path, and a path that a ServeMux would redirect. Nobody who is refused can tell these from a
// route: neither who does not sign, nor who signs and is not allowed, since the refusal does not
// name the action; [Error.Detail] does. Where AuthorizerConfig.Target names what requests ask for,
// it names it for all of them, routes or not. Who is allowed that then gets ServeMux's answer: 404,
// 405 or the redirect.
//
// Each request is one [Event], of open routes too, with the route's pattern. What a handler reads
// of a body that no signature covers, Config.MaxBodyBytes bounds as well: see
// [http.MaxBytesReader]. Config.StripHeaders and Config.StripQuery are for all routes.
//
// A handler may ask z.Check about a second request, with a context that descends from its own; the
// table says what that one asks for.
func (a *Authenticator) Routes(z *Authorizer) http.Handler {
	if z == nil || z.routes == nil {
		panic("sigv4auth: Routes needs an Authorizer whose configuration has Routes")
	}
	return a.wrap(z.Check, true, z.routes)
}
