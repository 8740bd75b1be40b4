package sigv4auth_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// startNginx starts the nginx of this machine with what stands inside its http block. There, LISTEN
// stands for the front's directives.
func startNginx(t *testing.T, config string) *frontend {
	t.Helper()
	return startFront(t, "nginx", func(f *frontend) []string {
		listen := "listen " + f.plain + "; listen " + f.tls + " ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;"
		f.write(t, "nginx.conf", "daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {}\nhttp {\naccess_log "+
			"off; client_body_temp_path body; "+
			"proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n"+strings.ReplaceAll(config, "LISTEN", listen)+
			"\n}\n")
		return []string{"-p", f.dir, "-c", "nginx.conf", "-e", "stderr"}
	})
}

// TestNginx sends what AWS's signer signs through a real nginx: its defaults that break signatures,
// and the recipes of PROXIES.md that do not.
func TestNginx(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	trusting := func(p sigv4auth.TrustedProxies) func(*sigv4auth.Config) {
		if !p.UnixSocket {
			p.Networks = loopback
		}
		return func(c *sigv4auth.Config) { c.Proxies = p }
	}
	encoded := func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded }
	prefixed := trusting(sigv4auth.TrustedProxies{PathPrefix: "/api"})
	const right, mismatch = sigv4auth.Reason(""), sigv4auth.ErrSignatureMismatch
	const hostAsItCame = "proxy_set_header Host $http_host;"
	const rewrittenEncoding = hostAsItCame + ` proxy_set_header Accept-Encoding "";`
	identity := http.Header{"Accept-Encoding": {"identity"}}

	tests := []frontTest{
		{"host-by-default", "", "location / { proxy_pass http://BACKEND; }", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, mismatch, ""},
			{"https://HOST/prod/ride", nil, mismatch, ""},
		}},
		{"host-without-port", "", "location / { proxy_pass http://BACKEND; proxy_set_header Host $host; }", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, right, ""},
			{"http://HOST:8080/prod/ride", nil, mismatch, ""},
			{"https://HOST:8443/prod/ride", nil, mismatch, ""},
		}},
		{"host-as-it-came", "", "location / { proxy_pass http://BACKEND; " + hostAsItCame + " }", nil, []frontRequest{
			{"http://HOST/prod/ride?b=2&a=1", nil, right, ""},
			{"http://HOST:8080/prod/ride", nil, right, ""},
			{"https://HOST/prod/ride?x=%20+%2B", nil, right, ""},
			{"https://HOST:8443/prod/ride", nil, right, ""},
			{"https://HOST/prod/ride%2F%7e/%C3%A9", nil, right, ""},
			{
				"https://HOST/prod/",
				http.Header{
					"Accept-Encoding": {"gzip"}, "User-Agent": {"x"}, "Accept": {"*/*"}, "Cookie": {"a=b; c=d"},
					"Cache-Control": {"no-cache"}, "X-Amz-Meta-A": {"1"},
				},
				right, "",
			},
			{"http://HOST/prod/ride", http.Header{"X-Forwarded-Host": {"host-as-it-came.test"}}, right, ""},
		}},
		{
			"host-said", "", "location / { proxy_pass http://BACKEND; proxy_set_header X-Forwarded-Host $http_host; }",
			trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
				{"https://HOST:8443/prod/ride", nil, right, ""},
			},
		},
		{
			"host-said-in-forwarded", "",
			`location / { proxy_pass http://BACKEND; proxy_set_header Forwarded "for=$remote_addr;host=\"$http_host\";proto=$scheme"; }`,
			trusting(sigv4auth.TrustedProxies{HostHeader: "Forwarded"}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
				{"https://HOST:8443/prod/ride", nil, right, ""},
			},
		},
		{"host-said-to-nobody", "", "location / { proxy_pass http://BACKEND; proxy_set_header X-Forwarded-Host $http_host; }", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, mismatch, "not one of Config.Proxies"},
		}},
		{
			"unix-socket", "", "location / { proxy_pass http://BACKEND; proxy_set_header X-Forwarded-Host $http_host; }",
			trusting(sigv4auth.TrustedProxies{UnixSocket: true, HostHeader: "X-Forwarded-Host"}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
			},
		},
		{
			"unix-socket-not-trusted", "", "location / { proxy_pass http://BACKEND; proxy_set_header X-Forwarded-Host $http_host; }",
			trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, mismatch, "not one of Config.Proxies"},
			},
		},

		// Threat 125: a URI in proxy_pass, and rewrite, pass the path decoded and encoded once
		// more: merged slashes, %2F as a slash, letters as letters.
		{"prefix-replaced", "", "location /api/ { proxy_pass http://BACKEND/; " + hostAsItCame + " }", prefixed, []frontRequest{
			{"http://HOST/api/prod/ride?a=%2F", nil, right, ""},
			{"https://HOST/api/prod/a%20b", nil, right, ""},
			{"https://HOST/api/prod/%C3%A9", nil, right, ""},
			{"https://HOST/api/prod/a%2Fb", nil, mismatch, ""},
			{"https://HOST/api/prod/%72ide", nil, mismatch, ""},
			{"https://HOST/api/prod/a%2Ab", nil, mismatch, ""},
		}},
		{"prefix-rewritten", "", "location /api/ { rewrite ^/api(/.*)$ $1 break; proxy_pass http://BACKEND; " + hostAsItCame + " }", prefixed, []frontRequest{
			{"http://HOST/api/prod/ride?a=%2F", nil, right, ""},
			{"https://HOST/api/prod/a%2Fb", nil, mismatch, ""},
		}},
		{"prefix-replaced-unknown", "", "location /api/ { proxy_pass http://BACKEND/; " + hostAsItCame + " }", nil, []frontRequest{
			{"http://HOST/api/prod/ride", nil, mismatch, ""},
		}},
		{
			"prefix-cut", `map $request_uri $behind_api { "~^/api(?<rest>/.*)$" $rest; }`,
			"location /api/ { if ($behind_api = '') { return 400; } proxy_pass http://BACKEND$behind_api; " + hostAsItCame + " }", prefixed,
			[]frontRequest{
				{"http://HOST/api/prod/ride?a=%2F", nil, right, ""},
				{"https://HOST/api/prod/a%2Fb/%72ide/%C3%A9/a%20b~!'()*", nil, right, ""},
			},
		},
		// Without a URI the target is passed as it came. merge_slashes bears on which location is
		// chosen alone.
		{"target-as-it-came", "", "location /api/ { proxy_pass http://BACKEND; " + hostAsItCame + " }", encoded, []frontRequest{
			{"https://HOST/api/prod/a%2Fb/%72ide/%C3%A9", nil, right, ""},
			{"https://HOST/api//prod//ride", nil, right, ""},
			{"https://HOST/x/../api/./ride", nil, right, ""},
		}},
		{
			"slashes-merged", "", "location /api/ { proxy_pass http://BACKEND/; " + hostAsItCame + " }",
			func(c *sigv4auth.Config) { encoded(c); prefixed(c) },
			[]frontRequest{
				{"https://HOST/api/prod//ride", nil, mismatch, ""},
				{"https://HOST/api/prod/x/../ride", nil, mismatch, ""},
			},
		},

		// Threat 124.
		{"encoding-dropped", "", "location / { proxy_pass http://BACKEND; " + rewrittenEncoding + " }", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, right, ""},
			{"http://HOST/prod/ride", identity, sigv4auth.ErrHeaderNotSigned, ""}, // signed, and it did not arrive
		}},
		{"encoding-rewritten", "", "location / { proxy_pass http://BACKEND; " + strings.ReplaceAll(rewrittenEncoding, `""`, "gzip") + " }", nil, []frontRequest{
			{"http://HOST/prod/ride", identity, mismatch, "commonly rewrite: accept-encoding"},
		}},
		{
			"encoding-restored", "", "location / { proxy_pass http://BACKEND; " + rewrittenEncoding +
				" proxy_set_header X-Original-Accept-Encoding $http_accept_encoding; }",
			trusting(sigv4auth.TrustedProxies{RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding"}}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
				{"https://HOST/prod/ride", identity, right, ""},
			},
		},
		{"amz-header-added", "", "location / { proxy_pass http://BACKEND; " + hostAsItCame + " proxy_set_header X-Amz-Cf-Id x; }", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, sigv4auth.ErrHeaderNotSigned, ""},
		}},
		{
			"gzip", "gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;",
			"location / { proxy_pass http://BACKEND; " + hostAsItCame + " }", nil,
			[]frontRequest{
				{"https://HOST/prod/ride", http.Header{"Accept-Encoding": {"identity"}}, right, ""},
			},
		},

		{
			"http-1.1-unbuffered", "",
			"location / { proxy_pass http://BACKEND; " + hostAsItCame +
				` proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; }`,
			nil,
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
				{"https://HOST/prod/ride", nil, right, ""},
			},
		},
		// Threat 127: HTTP/2 up to the server itself. nginx then sends a Host in place of
		// :authority.
		{"http-2-behind", "", "location / { grpc_pass grpc://BACKEND; grpc_set_header Host $http_host; }", nil, []frontRequest{
			{"https://HOST/prod/ride?b=2&a=1", nil, right, ""},
			{"https://HOST:8443/prod/ride%2F%7e", nil, right, ""},
		}},
		{"http-2-behind-by-default", "", "location / { grpc_pass grpc://BACKEND; }", nil, []frontRequest{
			{"https://HOST/prod/ride", nil, mismatch, ""},
		}},
	}

	dir, err := os.MkdirTemp("", "wildgate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var config strings.Builder
	config.WriteString("server_names_hash_bucket_size 128;\n")
	backends := make([]*backend, len(tests))
	for i, tt := range tests {
		socket := ""
		if strings.HasPrefix(tt.name, "unix") {
			socket = filepath.Join(dir, tt.name)
		}
		backends[i] = newBackend(t, socket, nil, tt.config)
		address := backends[i].address
		if socket != "" {
			address = "unix:" + socket
		}
		if tt.name == "gzip" {
			tt.location, tt.outside = tt.outside+tt.location, ""
		}
		upstream := strings.ReplaceAll(tt.name, ".", "-") + "-behind"
		if strings.Contains(tt.location, "BACKEND$") { // a target with variables wants an upstream that is known by name
			config.WriteString("upstream " + upstream + " { server " + address + "; }\n")
			address = upstream
		}
		config.WriteString(tt.outside + "\nserver { LISTEN server_name " + tt.name + ".test; " +
			strings.ReplaceAll(tt.location, "BACKEND", address) + " }\n")
	}
	front := startNginx(t, config.String())
	throughFront(t, front, tests, backends)
}

// TestNginxTells: the client's address and scheme, through a real nginx that says them in each of
// three ways, to policies and to the audit: threats 119 to 122.
func TestNginxTells(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	tests := []toldTest{
		{
			"x-forwarded-for", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;",
			sigv4auth.TrustedProxies{Networks: proxies, ClientHeader: "X-Forwarded-For", SchemeHeader: "X-Forwarded-Proto"},
			true,
		},
		{
			"x-real-ip", "proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;",
			sigv4auth.TrustedProxies{Networks: proxies, ClientHeader: "X-Real-IP", SchemeHeader: "X-Forwarded-Proto"},
			true,
		},
		{
			"forwarded", `proxy_set_header Forwarded "$http_forwarded, for=\"$remote_addr:$remote_port\";host=\"$http_host\";proto=$scheme";`,
			sigv4auth.TrustedProxies{Networks: proxies, ClientHeader: "Forwarded", SchemeHeader: "Forwarded"},
			true,
		},
		{
			"forwarded-alone", `proxy_set_header Forwarded "for=\"$remote_addr\";host=\"$http_host\";proto=$scheme";`,
			sigv4auth.TrustedProxies{Networks: proxies, ClientHeader: "Forwarded", HostHeader: "Forwarded", SchemeHeader: "Forwarded"},
			true,
		},
		{
			"nothing-trusted", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;",
			sigv4auth.TrustedProxies{},
			false,
		},
	}
	tells(t, tests, func(servers [][3]string) *frontend {
		var config strings.Builder
		config.WriteString("server_names_hash_bucket_size 128;\n")
		for _, s := range servers {
			config.WriteString("server { LISTEN server_name " + s[0] + "; location / { proxy_pass http://" + s[1] +
				"; proxy_set_header Host $http_host; " + s[2] + " } }\n")
		}
		return startNginx(t, config.String())
	})
}

// TestNginxClients: curl and raw requests through nginx, with the recipe that changes nothing.
func TestNginxClients(t *testing.T) {
	b := newBackend(t, "", nil, nil)
	front := startNginx(t, "server { LISTEN server_name example.com; location / { proxy_pass http://"+b.address+
		"; proxy_set_header Host $http_host; } }")

	t.Run("curl", func(t *testing.T) {
		curl := testneed.Program(t, "curl")
		for _, tt := range []struct {
			name string
			args []string
			want string
		}{
			{"HTTP/1.1", []string{"http://example.com/prod/ride?a=1&b=2"}, "200 1.1"},
			{"HTTP/1.1, with a port", []string{"http://example.com:8080/prod/ride"}, "200 1.1"},
			{"TLS, HTTP/1.1", []string{"--http1.1", "https://example.com/prod/ride"}, "200 1.1"},
			{"TLS, HTTP/2", []string{"--http2", "https://example.com/prod/ride"}, "200 2"},
			{
				"TLS, HTTP/2, with a port and its own headers",
				[]string{"--http2", "-H", "X-Amz-Meta-A: 1", "-H", "Accept-Encoding: br", "https://example.com:8443/prod/ride"},
				"200 2",
			},
			// nginx answers it, and drops the header that curl signs
			{"HTTP/1.1, 100-continue", []string{"-H", "Expect: 100-continue", "http://example.com/prod/ride"}, "403 1.1"},
			{"another region", []string{"--aws-sigv4", "aws:amz:eu-west-1:" + testService, "https://example.com/prod/ride"}, "403 2"},
		} {
			args := append([]string{
				"--silent", "--show-error", "--max-time", "20", "--output", os.DevNull, "--write-out", "%{http_code} %{http_version}", "--cacert",
				front.certificate,
				"--connect-to", ":80:" + front.plain, "--connect-to", ":8080:" + front.plain, "--connect-to", ":443:" +
					front.tls, "--connect-to", ":8443:" + front.tls,
				"--user", testKeyID + ":" + testSecret, "--aws-sigv4", "aws:amz:" + testRegion + ":" + testService, "--header",
				"Content-Type: application/json", "--data", rideBody,
			}, tt.args...)
			out, err := exec.Command(curl, args...).CombinedOutput()
			if err != nil || string(out) != tt.want {
				t.Errorf("%s: %s %v; want %s", tt.name, out, err, tt.want)
			}
		}
	})

	// Threats 127 and 131: what nginx itself refuses never comes through.
	t.Run("raw", func(t *testing.T) {
		signed := sign(t, request("GET", "/prod/rides", ""), signing{at: time.Now()})
		head := func(lines string) string {
			return "GET /prod/rides HTTP/1.1\r\n" + lines + "X-Amz-Date: " + signed.Header.Get("X-Amz-Date") + "\r\nAuthorization: " +
				signed.Header.Get("Authorization") + "\r\nConnection: close\r\n\r\n"
		}
		for lines, want := range map[string]string{
			"Host: example.com\r\n":                           "200",
			"Host: example.com\r\nConnection: x-amz-date\r\n": "200", // threat 126: nginx passes it on
			"Host: example.com\r\nHost: example.com\r\n":      "400",
			"Host: example.com\r\nHost: example.org\r\n":      "400",
			"":                      "400",
			"Host: EXAMPLE.com\r\n": "403",
			"Host: example.com\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n":             "400",
			"Host: example.com\r\nX-Http-Method-Override: DELETE\r\n":                              "200",
			"Host: example.com\r\nX-Amz-Security-Token: x\r\nConnection: x-amz-security-token\r\n": "403",
		} {
			conn, err := net.Dial("tcp", front.plain)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.WriteString(conn, head(lines)); err != nil {
				t.Fatal(err)
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			_ = conn.Close()
			if status, _, _ := strings.Cut(strings.TrimPrefix(line, "HTTP/1.1 "), " "); status != want {
				t.Errorf("%q: %s; want %s", lines, status, want)
			}
		}
	})
}

// TestRecipesAreRun: what PROXIES.md tells to set in nginx and Caddy is what the tests set.
func TestRecipesAreRun(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("PROXIES.md")
	if err != nil {
		t.Fatal(err)
	}
	_, recipes, _ := strings.Cut(string(document), "\n## nginx\n")
	recipes, _, _ = strings.Cut(recipes, "\n## Envoy\n")
	nginx, caddy, _ := strings.Cut(recipes, "\n## Caddy\n")
	for server, section := range map[string]string{"nginx": nginx, "caddy": caddy} {
		tests, err := os.ReadFile(server + "_test.go")
		if err != nil {
			t.Fatal(err)
		}
		directive := regexp.MustCompile(`(?:proxy|grpc)_set_header \S+ (?:"(?:[^"\\]|\\.)*"|[^;"]+);|map \$\S+ \$\S+ \{[^\n]+|if ` +
			`\([^\n]+|header_up [^` +
			"`" + `\n]+`)
		found := directive.FindAllString(section, -1)
		for _, text := range found {
			if !strings.Contains(string(tests), text) {
				t.Errorf("%s: %s is not run", server, text)
			}
		}
		if want := map[string]int{"nginx": 11, "caddy": 4}[server]; len(found) != want {
			t.Errorf("%s: %d directives were found, not %d: %q", server, len(found), want, found)
		}
	}
}
