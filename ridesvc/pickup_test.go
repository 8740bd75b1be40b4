package ridesvc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wildgate/wildgate/ridesvc"
)

const (
	latitude  = "PickupLocation.Latitude: must be a number between -90 and 90"
	longitude = "PickupLocation.Longitude: must be a number between -180 and 180"
)

var pickups = []struct {
	name, body string
	message    string           // of the 400; "": accepted
	want       ridesvc.Location // where accepted
}{
	{"the workshop's", seattle, "", ridesvc.Location{Latitude: 47.6, Longitude: -122.3}},
	{"longitude first", `{"PickupLocation":{"Longitude":-122.3,"Latitude":47.6}}`, "", ridesvc.Location{Latitude: 47.6, Longitude: -122.3}},
	{"white space anywhere", " {\r\n\t\"PickupLocation\" : { \"Latitude\" : 1 , \"Longitude\" : 2 } } \n", "", ridesvc.Location{Latitude: 1, Longitude: 2}},
	{"the south-west corner", `{"PickupLocation":{"Latitude":-90,"Longitude":-180}}`, "", ridesvc.Location{Latitude: -90, Longitude: -180}},
	{"the north-east corner", `{"PickupLocation":{"Latitude":90.0,"Longitude":180.000}}`, "", ridesvc.Location{Latitude: 90, Longitude: 180}},
	{"exponents", `{"PickupLocation":{"Latitude":4.76e1,"Longitude":-1223E-1}}`, "", ridesvc.Location{Latitude: 47.6, Longitude: -122.3}},
	{"null island", `{"PickupLocation":{"Latitude":0,"Longitude":0}}`, "", ridesvc.Location{}},
	{"minus zero is zero", `{"PickupLocation":{"Latitude":-0,"Longitude":-0.0}}`, "", ridesvc.Location{}},
	{"a number too small for a float is zero", `{"PickupLocation":{"Latitude":1e-400,"Longitude":-1e-400}}`, "", ridesvc.Location{}},
	{"a name spelled with an escape is that name", `{"\u0050ickupLocation":{"Latitude":1,"Longitude":2}}`, "", ridesvc.Location{Latitude: 1, Longitude: 2}},

	{"north of the pole", `{"PickupLocation":{"Latitude":90.1,"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"just north of the pole", `{"PickupLocation":{"Latitude":90.00000000000002,"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"south of the pole", `{"PickupLocation":{"Latitude":-91,"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"too far east", `{"PickupLocation":{"Latitude":0,"Longitude":180.00000000000003}}`, longitude, ridesvc.Location{}},
	{"too far west", `{"PickupLocation":{"Latitude":0,"Longitude":-181}}`, longitude, ridesvc.Location{}},
	{"more than a float holds", `{"PickupLocation":{"Latitude":1e400,"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"less than a float holds", `{"PickupLocation":{"Latitude":0,"Longitude":-1e400}}`, longitude, ridesvc.Location{}},
	{"a number in quotes", `{"PickupLocation":{"Latitude":"47.6","Longitude":0}}`, latitude, ridesvc.Location{}},
	{"null for a number", `{"PickupLocation":{"Latitude":null,"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"true for a number", `{"PickupLocation":{"Latitude":0,"Longitude":true}}`, longitude, ridesvc.Location{}},
	{"a list for a number", `{"PickupLocation":{"Latitude":[47.6],"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"an object for a number", `{"PickupLocation":{"Latitude":{},"Longitude":0}}`, latitude, ridesvc.Location{}},
	{"no Latitude", `{"PickupLocation":{"Longitude":0}}`, "PickupLocation.Latitude: required", ridesvc.Location{}},
	{"no Longitude", `{"PickupLocation":{"Latitude":0}}`, "PickupLocation.Longitude: required", ridesvc.Location{}},
	{"neither", `{"PickupLocation":{}}`, "PickupLocation.Latitude: required", ridesvc.Location{}},
	{"no PickupLocation", `{}`, "PickupLocation: required", ridesvc.Location{}},
	{"null for PickupLocation", `{"PickupLocation":null}`, "PickupLocation: must be an object", ridesvc.Location{}},
	{"a string for PickupLocation", `{"PickupLocation":"47.6,-122.3"}`, "PickupLocation: must be an object", ridesvc.Location{}},
	{"a list for PickupLocation", `{"PickupLocation":[47.6,-122.3]}`, "PickupLocation: must be an object", ridesvc.Location{}},
	{"null", `null`, "body: must be an object", ridesvc.Location{}},
	{"a list", `[` + seattle + `]`, "body: must be an object", ridesvc.Location{}},
	{"a number", `1`, "body: must be an object", ridesvc.Location{}},

	// Threat 149.
	{"Latitude twice", `{"PickupLocation":{"Latitude":1,"Latitude":1,"Longitude":0}}`, "PickupLocation.Latitude: given twice", ridesvc.Location{}},
	{
		"Longitude twice, once escaped", `{"PickupLocation":{"Longitude":1,"\u004congitude":1,"Latitude":0}}`,
		"PickupLocation.Longitude: given twice",
		ridesvc.Location{},
	},
	{
		"PickupLocation twice", `{"PickupLocation":{"Latitude":1,"Longitude":0},"PickupLocation":{"Latitude":1,"Longitude":0}}`,
		"PickupLocation: given twice",
		ridesvc.Location{},
	},
	// Threat 150.
	{
		"latitude in lower case", `{"PickupLocation":{"latitude":1,"Longitude":0}}`,
		`PickupLocation: unknown field "latitude"; known: Latitude, Longitude`,
		ridesvc.Location{},
	},
	{
		"LATITUDE beside Latitude", `{"PickupLocation":{"Latitude":1,"LATITUDE":2,"Longitude":0}}`,
		`PickupLocation: unknown field "LATITUDE"; known: Latitude, Longitude`,
		ridesvc.Location{},
	},
	{
		"pickupLocation in another case", `{"pickupLocation":{"Latitude":1,"Longitude":0}}`,
		`body: unknown field "pickupLocation"; known: PickupLocation`,
		ridesvc.Location{},
	},
	{
		"a name that folds to a known one", "{\"Pic\u212aupLocation\":{\"Latitude\":1,\"Longitude\":0}}",
		`body: unknown field "Pic\u212aupLocation"; known: PickupLocation`,
		ridesvc.Location{},
	},
	// Threat 151.
	{
		"an unknown field", `{"PickupLocation":{"Latitude":1,"Longitude":0,"Altitude":3}}`,
		`PickupLocation: unknown field "Altitude"; known: Latitude, Longitude`,
		ridesvc.Location{},
	},
	{
		"an unknown field beside PickupLocation", `{"PickupLocation":{"Latitude":1,"Longitude":0},"Rider":"bob"}`,
		`body: unknown field "Rider"; known: PickupLocation`,
		ridesvc.Location{},
	},
	{
		"an unknown field first", `{"Rider":{"PickupLocation":1},"PickupLocation":{"Latitude":1,"Longitude":0}}`,
		`body: unknown field "Rider"; known: PickupLocation`,
		ridesvc.Location{},
	},
	{"a field without a name", `{"":1}`, `body: unknown field ""; known: PickupLocation`, ridesvc.Location{}},
	{"a lone surrogate", `{"\ud800":1}`, `body: unknown field "\ufffd"; known: PickupLocation`, ridesvc.Location{}},
	{"control characters", `{"\u001b[31m\r\n":1}`, `body: unknown field "\x1b[31m\r\n"; known: PickupLocation`, ridesvc.Location{}},
	{
		"a long unknown field", `{"` + strings.Repeat("é", 100) + `":1}`,
		`body: unknown field "` + strings.Repeat(`\u00e9`, 32) + `"...; known: PickupLocation`,
		ridesvc.Location{},
	},
	// Threat 156.
	{"nothing", ``, "body: must be one JSON object: unexpected end of JSON input (byte 0)", ridesvc.Location{}},
	{"half", `{"PickupLocation":{"Latitude":1`, "body: must be one JSON object: unexpected end of JSON input (byte 31)", ridesvc.Location{}},
	{"two values", seattle + seattle, "body: must be one JSON object: invalid character '{' after top-level value (byte 56)", ridesvc.Location{}},
	{"something behind", `{}x`, "body: must be one JSON object: invalid character 'x' after top-level value (byte 3)", ridesvc.Location{}},
	{
		"a byte order mark", "\ufeff" + seattle,
		"body: must be one JSON object: invalid character 'ï' looking for beginning of value (byte 1)",
		ridesvc.Location{},
	},
	{
		"a comma too many", `{"PickupLocation":{"Latitude":1,"Longitude":0,}}`,
		"body: must be one JSON object: invalid character '}' looking for beginning of object key string (byte 47)",
		ridesvc.Location{},
	},
	{"a comment", `{/**/}`, "body: must be one JSON object: invalid character '/' looking for beginning of object key string (byte 2)", ridesvc.Location{}},
	{
		"NaN", `{"PickupLocation":{"Latitude":NaN,"Longitude":0}}`,
		"body: must be one JSON object: invalid character 'N' looking for beginning of value (byte 31)",
		ridesvc.Location{},
	},
	{
		"a leading plus", `{"PickupLocation":{"Latitude":+1,"Longitude":0}}`,
		"body: must be one JSON object: invalid character '+' looking for beginning of value (byte 31)",
		ridesvc.Location{},
	},
	{
		"a leading zero", `{"PickupLocation":{"Latitude":01,"Longitude":0}}`,
		"body: must be one JSON object: invalid character '1' after object key:value pair (byte 32)",
		ridesvc.Location{},
	},
	{"bytes that are not UTF-8", "{\"\xff\":1}", "body: must be UTF-8", ridesvc.Location{}},
	{
		"UTF-16", "{\x00}\x00",
		"body: must be one JSON object: invalid character '\\x00' looking for beginning of object key string (byte 2)",
		ridesvc.Location{},
	},
	{"a form", `PickupLocation=1`, "body: must be one JSON object: invalid character 'P' looking for beginning of value (byte 1)", ridesvc.Location{}},
	{"deep nesting", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "body: must be an object", ridesvc.Location{}},
}

// Threats 149, 150, 151, 155, 156 and 225: the cases of pickups are refused before the store is
// asked, those nested deeply among them.
func TestPickupLocation(t *testing.T) {
	for _, test := range pickups {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			w := s.send(jsonRequest(test.body))
			if test.message != "" {
				isError(t, w, 400, test.message)
				if s.store.calls != 0 || len(s.failed) != 0 {
					t.Errorf("the store was called %d times; Failed was told %q", s.store.calls, s.failed)
				}
				return
			}
			if w.Code != 201 || len(s.store.rides) != 1 {
				t.Fatalf("%d %s, want 201", w.Code, w.Body)
			}
			for _, ride := range s.store.rides {
				if ride.PickupLocation != test.want || math.Signbit(ride.PickupLocation.Latitude) != (test.want.Latitude < 0) ||
					math.Signbit(ride.PickupLocation.Longitude) != (test.want.Longitude < 0) {
					t.Errorf("read as %v, want %v", ride.PickupLocation, test.want)
				}
			}
		})
	}
}

// Threat 225: a body is refused by its length, and read no further than its limit.
func TestBodySize(t *testing.T) {
	const limit = 4096
	fits := seattle + strings.Repeat(" ", limit-len(seattle))
	s := newSite(t)
	for _, length := range []int64{limit, -1} { // -1: chunked, without a Content-Length
		r := jsonRequest(fits)
		r.ContentLength = length
		if w := s.send(r); w.Code != 201 {
			t.Errorf("%d bytes, Content-Length %d: %d %s", limit, length, w.Code, w.Body)
		}
	}
	calls := s.store.calls

	r := jsonRequest(fits + " ")
	r.ContentLength = -1
	isError(t, s.send(r), 413, "body: must be at most 4096 bytes")

	r = jsonRequest("")
	r.Body, r.ContentLength = io.NopCloser(iotest.ErrReader(errors.New("read although its length was told"))), limit+1
	isError(t, s.send(r), 413, "body: must be at most 4096 bytes")

	r = jsonRequest("")
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(seattle), iotest.ErrReader(errors.New("chunk signature")))), -1
	isError(t, s.send(r), 400, "body: could not be read to its end")

	if s.store.calls != calls {
		t.Errorf("the store was called %d times", s.store.calls-calls)
	}
}

func TestContentType(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []string
		status int
	}{
		{"plain", []string{"application/json"}, 201},
		{"in other letters", []string{"Application/JSON"}, 201},
		{"with its charset", []string{"application/json; charset=utf-8"}, 201},
		{"with its charset in quotes and capitals", []string{`application/json;charset="UTF-8"`}, 201},
		{"with another parameter", []string{"application/json; version=1"}, 201},
		{"with another charset", []string{"application/json; charset=utf-16"}, 415},
		{"none", nil, 415},
		{"empty", []string{""}, 415},
		{"curl's default", []string{"application/x-www-form-urlencoded"}, 415},
		{"a browser's default", []string{"text/plain;charset=UTF-8"}, 415},
		{"one that begins alike", []string{"application/jsonp"}, 415},
		{"a relative", []string{"application/problem+json"}, 415},
		{"malformed", []string{"application/json; ="}, 415},
		{"twice", []string{"application/json", "application/json"}, 415},
		{"two in one", []string{"application/json, application/json"}, 415},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			r := jsonRequest(seattle)
			r.Header["Content-Type"] = test.values
			w := s.send(r)
			if w.Code != test.status {
				t.Errorf("%d %s, want %d", w.Code, w.Body, test.status)
			}
			if test.status != 201 {
				isError(t, w, 415, "Content-Type: must be application/json, in UTF-8")
			}
		})
	}
}

// Whatever the body, the answer is 201 or an error that is the client's; what is accepted has the
// shape that is documented and the values that another reader of JSON finds in it, and is accepted
// in every layout. Every location of the earth is accepted.
func FuzzPickup(f *testing.F) {
	for n, test := range pickups {
		f.Add([]byte(test.body), float64(n), float64(-n))
	}
	f.Fuzz(func(t *testing.T, body []byte, lat, long float64) {
		if got, ok := accept(t, body); ok {
			var exact map[string]map[string]json.Number
			if err := json.Unmarshal(body, &exact); err != nil {
				t.Fatalf("%q is accepted, and is no object of objects of numbers: %v", body, err)
			}
			pickup, ok := exact["PickupLocation"]
			if !ok || len(exact) != 1 || len(pickup) != 2 || countStrings(body) != 3 {
				t.Fatalf("%q is accepted, and has the fields %v, or one of them twice", body, exact)
			}
			wantLat, err1 := pickup["Latitude"].Float64()
			wantLong, err2 := pickup["Longitude"].Float64()
			if err1 != nil || err2 != nil || got.Latitude != wantLat || got.Longitude != wantLong {
				t.Fatalf("%q is read as %v, and says %v", body, got, pickup)
			}
			if !(math.Abs(got.Latitude) <= 90 && math.Abs(got.Longitude) <= 180) {
				t.Fatalf("%q is accepted, and lies outside the earth", body)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, body); err != nil {
				t.Fatal(err)
			}
			if again, ok := accept(t, compact.Bytes()); !ok || again != got {
				t.Fatalf("%q is read as %v, and without white space as %v, %v", body, got, again, ok)
			}
		}
		if !(math.Abs(lat) <= 90 && math.Abs(long) <= 180) {
			return
		}
		want := ridesvc.Location{Latitude: lat, Longitude: long}
		for _, format := range []string{
			`{"PickupLocation":{"Latitude":%v,"Longitude":%v}}`, `{"PickupLocation":{"Longitude":%[2]v,"Latitude":%[1]v}}`,
		} {
			spelled := fmt.Appendf(nil, format, want.Latitude, want.Longitude)
			if got, ok := accept(t, spelled); !ok || got != want {
				t.Fatalf("%s is read as %v, %v", spelled, got, ok)
			}
		}
	})
}

// countStrings counts the strings of a JSON text, names included.
func countStrings(body []byte) int {
	n := 0
	tokens := json.NewDecoder(bytes.NewReader(body))
	for token, err := tokens.Token(); err == nil; token, err = tokens.Token() {
		if _, ok := token.(string); ok {
			n++
		}
	}
	return n
}

func accept(t *testing.T, body []byte) (ridesvc.Location, bool) {
	s := newSite(t)
	w := s.send(jsonRequest(string(body)))
	if len(s.failed) != 0 {
		t.Fatalf("%q is a failure of the service: %v", body, s.failed)
	}
	switch w.Code {
	case 201:
		for _, ride := range s.store.rides {
			return ride.PickupLocation, true
		}
		t.Fatalf("%q is answered with 201, and no ride is kept", body)
	case 400, 413:
		if len(s.store.rides) != 0 {
			t.Fatalf("%q is answered with %d, and a ride is kept", body, w.Code)
		}
		var answer struct{ Message string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Message == "" || len(answer.Message) > 1024 {
			t.Fatalf("%q is answered with %q", body, w.Body)
		}
	default:
		t.Fatalf("%q is answered with %d", body, w.Code)
	}
	return ridesvc.Location{}, false
}
