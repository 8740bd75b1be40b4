package ridesvc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxBodyBytes bounds the body of POST /ride, which takes less than a hundred bytes from any
	// known client.
	maxBodyBytes = 4 << 10
	// maxEchoedName bounds how many bytes of an unknown field's name a message repeats.
	maxEchoedName = 64
)

// readBody reads the JSON body of r, within maxBodyBytes.
func readBody(r *http.Request) ([]byte, error) {
	if !isJSON(r.Header.Values("Content-Type")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "Content-Type: must be application/json, in UTF-8")
	}
	tooLarge := refuse(http.StatusRequestEntityTooLarge, "body: must be at most %d bytes", maxBodyBytes)
	if r.ContentLength > maxBodyBytes {
		return nil, tooLarge // unread
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	switch {
	case err != nil:
		// The connection broke, or what verifies the body as it is read refused it. Either is the
		// client's affair.
		return nil, refuse(http.StatusBadRequest, "body: could not be read to its end")
	case len(body) > maxBodyBytes:
		return nil, tooLarge
	}
	return body, nil
}

func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	mediaType, params, err := mime.ParseMediaType(contentType[0])
	charset, given := params["charset"]
	return err == nil && mediaType == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

// parsePickup reads {"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}, fields in any order.
//
// It walks the tokens, where encoding/json's Unmarshal would match names in any case, let the last
// of two fields win, and take null and absent fields for 0 (threats 149, 150, 151, 155): a check in
// front of the service could then read another location than the service.
func parsePickup(body []byte) (Location, error) {
	if !utf8.Valid(body) {
		return Location{}, refuse(http.StatusBadRequest, "body: must be UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil { // syntax, and that nothing follows the value (threat 156)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return Location{}, refuse(http.StatusBadRequest, "body: must be one JSON object: %v (byte %d)", syntax, syntax.Offset)
		}
		return Location{}, fmt.Errorf("ridesvc: body: %w", err) // unreachable
	}
	var location Location
	p := pickupParser{tokens: json.NewDecoder(bytes.NewReader(body))}
	p.tokens.UseNumber()
	p.object("", []string{"PickupLocation"}, func(string) {
		p.object("PickupLocation", []string{"Latitude", "Longitude"}, func(field string) {
			switch field {
			case "Latitude":
				location.Latitude = p.degrees("PickupLocation.Latitude", 90)
			case "Longitude":
				location.Longitude = p.degrees("PickupLocation.Longitude", 180)
			}
		})
	})
	if p.err != nil {
		return Location{}, p.err
	}
	return location, nil
}

// A pickupParser reads tokens until the first mistake, which it keeps; from then on it does
// nothing.
type pickupParser struct {
	tokens *json.Decoder
	err    error
}

// object reads an object with exactly the fields of that name, calling value to read the value of
// each. The path is the object's own, "" for the body.
func (p *pickupParser) object(path string, fields []string, value func(field string)) {
	if p.token() != json.Delim('{') {
		p.refuse(path, "must be an object")
		return
	}
	seen := make([]string, 0, len(fields))
	for p.err == nil && p.tokens.More() {
		field, _ := p.token().(string) // in an object, before a colon: json.Unmarshal saw to it
		switch {
		case !slices.Contains(fields, field):
			p.refuse(path, "unknown field %s; known: %s", quoted(field), strings.Join(fields, ", "))
		case slices.Contains(seen, field):
			p.refuse(join(path, field), "given twice")
		default:
			seen = append(seen, field)
			value(field)
		}
	}
	p.token() // the closing brace
	for _, field := range fields {
		if !slices.Contains(seen, field) {
			p.refuse(join(path, field), "required")
		}
	}
}

// degrees reads a number between -bound and bound.
func (p *pickupParser) degrees(path string, bound float64) float64 {
	number, ok := p.token().(json.Number)
	value, err := strconv.ParseFloat(number.String(), 64) // an error for 1e400 as for no number
	if !ok || err != nil || value < -bound || value > bound {
		p.refuse(path, "must be a number between %v and %v", -bound, bound)
	}
	return value + 0 // -0 becomes 0, which every database keeps
}

func (p *pickupParser) token() json.Token {
	if p.err != nil {
		return nil
	}
	token, err := p.tokens.Token()
	if err != nil {
		p.err = fmt.Errorf("ridesvc: body: %w", err) // unreachable: the syntax is right
	}
	return token
}

func (p *pickupParser) refuse(path, format string, args ...any) {
	if p.err == nil {
		p.err = refuse(http.StatusBadRequest, "%s: %s", cmp.Or(path, "body"), fmt.Sprintf(format, args...))
	}
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// quoted returns name in quotes, shortened: what a client sent comes back harmless and bounded.
func quoted(name string) string {
	if len(name) > maxEchoedName {
		return strconv.QuoteToASCII(strings.ToValidUTF8(name[:maxEchoedName], "")) + "..."
	}
	return strconv.QuoteToASCII(name)
}
