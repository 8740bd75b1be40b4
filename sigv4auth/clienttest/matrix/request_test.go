package matrix_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// request is what a client is asked to sign and send.
type request struct {
	Method  string      `json:"method"`
	Host    string      `json:"host"`
	Target  string      `json:"target"` // path and query, as they are handed to the client; many rewrite them
	Headers [][2]string `json:"headers"`
	Body    []byte      `json:"body"` // base64 in JSON

	Presign         int    `json:"presign"` // seconds; 0: the signature is in the header
	Region          string `json:"region"`  // with SigV4A a region set
	Service         string `json:"service"`
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
}

// express is what a client can express. The zero value is everything.
type express struct {
	methods         []string                // nil: all
	target          func(*rand.Rand) string // nil: any
	regionSets      bool                    // SigV4A
	noPresign       bool
	noPresignedBody bool
	noHeaders       bool
	oncePerName     bool                     // of each header one value
	body            func(*rand.Rand) []byte  // nil: any
	bodyWith        func(method string) bool // nil: all but GET and HEAD, which fetch sends without one
}

var (
	plain    = strings.Split("abcXYZ019-._~", "")
	segments = append([]string{
		"%20", "%2F", "%c3%bc", "%E1%88%B4", "%25", "=", "@", ":", "!", "'", "(", ")", "*", "+", ",", "$", "&", "ü",
		" ",
	}, plain...)
	values = append([]string{
		"%20", "+", "%2B", "%2F", "%C3%BC", "%e1%88%b4", "/", ":", "=", "%3d", "!", "*", "'", "(", "?", "@", "ü",
		"%26",
	}, plain...)
	texts = append([]string{" ", "  ", ",", `"`, ";", "=", "/"}, plain...)
)

func pick(rng *rand.Rand, alphabet []string, most int) string {
	var b strings.Builder
	for range rng.IntN(most + 1) {
		b.WriteString(alphabet[rng.IntN(len(alphabet))])
	}
	return b.String()
}

// generate makes a random request: mostly plain, sometimes with what signers disagree on.
func generate(rng *rand.Rand, can express) request {
	methods := can.methods
	if methods == nil {
		methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
	}
	r := request{Method: methods[rng.IntN(len(methods))], Headers: [][2]string{}, Body: []byte{}}
	if r.Target = randomTarget(rng); can.target != nil {
		r.Target = can.target(rng)
	}
	if !can.noHeaders {
		r.Headers = randomHeaders(rng, can)
	}
	if !can.noPresign && rng.IntN(3) == 0 {
		r.Presign = 60 + rng.IntN(7*24*3600-60)
	}
	hasBody := r.Method != "GET" && r.Method != "HEAD"
	if can.bodyWith != nil {
		hasBody = can.bodyWith(r.Method)
	}
	if hasBody && rng.IntN(5) > 0 && !(can.noPresignedBody && r.Presign > 0) {
		if r.Body = randomBody(rng); can.body != nil {
			r.Body = can.body(rng)
		}
		if !can.noHeaders {
			r.Headers = append(r.Headers, [2]string{"Content-Type", "application/json"})
		}
	}
	return r
}

func randomTarget(rng *rand.Rand) string {
	var path strings.Builder
	path.WriteString("/prod")
	for range rng.IntN(4) {
		segment := pick(rng, plain, 6)
		if rng.IntN(2) == 0 {
			segment = pick(rng, segments, 6)
		}
		path.WriteString("/" + strings.Trim(segment, ".") + "a")
	}
	if rng.IntN(8) == 0 {
		path.WriteString([]string{"/", "//", "/.", "/..", "/./x", "/../x", "//x", "/%2e%2e/x"}[rng.IntN(8)])
	}
	var pairs []string
	for range rng.IntN(5) {
		name, value := pick(rng, plain, 3), pick(rng, plain, 6)
		if rng.IntN(10) > 0 {
			name += "n"
		}
		if rng.IntN(2) == 0 {
			value = pick(rng, values, 6)
		}
		if rng.IntN(6) == 0 {
			name = pick(rng, values, 3)
		}
		switch rng.IntN(10) {
		case 0:
			pairs = append(pairs, name)
		case 1:
			pairs = append(pairs, name+"="+value, name+"="+pick(rng, values, 6))
		default:
			pairs = append(pairs, name+"="+value)
		}
	}
	if len(pairs) == 0 {
		return path.String()
	}
	return path.String() + "?" + strings.Join(pairs, "&")
}

// curlTarget is a target that curl sends as it is; mostly one that older versions sign rightly,
// too.
func curlTarget(rng *rand.Rand) string {
	if rng.IntN(4) > 0 {
		return "/prod/a" + pick(rng, plain, 20) + "/" + pick(rng, plain, 9) + "a?limit=" + pick(rng, plain, 3) + "&nextToken=" +
			pick(rng, plain, 9)
	}
	return strings.NewReplacer("ü", "u", " ", "_").Replace(randomTarget(rng))
}

// connection is the path of one of API Gateway's WebSocket connections, whose ID, the last segment,
// the client has to encode.
func connection(rng *rand.Rand) string {
	id := append([]string{"/", "?", "#", "%", `"`, "\\", ".."}, segments...)
	return "/prod/@connections/c" + pick(rng, id, 8)
}

func randomHeaders(rng *rand.Rand, can express) (headers [][2]string) {
	headers = [][2]string{}
	for i := range rng.IntN(4) {
		name := []string{
			"X-Amz-Meta-Note", "X-Amz-Meta", "Accept-Language", "X-Api-Key", "Cache-Control", "If-None-Match", "X-Amzn-Trace-Id", "Referer",
			"Range",
		}[rng.IntN(9)]
		if can.oncePerName && i > 0 { // and of some the beginning is another's whole name
			name = fmt.Sprintf("%s-%d", name, i)
		}
		value := pick(rng, plain, 8)
		if rng.IntN(3) == 0 {
			value = strings.TrimSpace(pick(rng, texts, 8))
		}
		if rng.IntN(12) == 0 {
			value += "ü"
		}
		headers = append(headers, [2]string{name, value + "."}) // never empty
	}
	return headers
}

// randomBody makes bodies of all sizes, most of them small, and of all bytes.
func randomBody(rng *rand.Rand) []byte {
	body := make([]byte, 1+rng.IntN(1<<rng.IntN(11)))
	if rng.IntN(50) == 0 {
		body = make([]byte, 1<<20-rng.IntN(2))
	}
	for i := range body {
		body[i] = byte(rng.Uint32())
	}
	return body
}

// jsonBody makes a body that is JSON as JavaScript writes it.
func jsonBody(rng *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"note":"%s","n":%d}`, pick(rng, segments, 200), rng.IntN(1000))
}
