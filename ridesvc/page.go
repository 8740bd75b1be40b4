package ridesvc

import (
	"encoding/base64"
	"encoding/binary"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPage = 100
	maxPage     = 1000

	// What the layers in front of the service put into the query, credentials of presigned URLs
	// above all.
	reservedParameters = "X-Amz-"
)

// parsePage reads the query of GET /rides: limit and next, each at most once.
// A misspelt parameter is refused, since ignoring it would look like an answer to it.
func parsePage(rawQuery string) (after Cursor, limit int, err error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return Cursor{}, 0, refuse(http.StatusBadRequest, "query: malformed")
	}
	limit = defaultPage
	for _, name := range slices.Sorted(maps.Keys(query)) { // sorted, so that of two mistakes the same one is always named
		if strings.HasPrefix(name, reservedParameters) {
			continue
		}
		if name != "limit" && name != "next" {
			return Cursor{}, 0, refuse(http.StatusBadRequest, "query: unknown parameter %s; known: limit, next", quoted(name))
		}
		if len(query[name]) > 1 {
			return Cursor{}, 0, refuse(http.StatusBadRequest, "%s: given twice", name)
		}
	}
	if query.Has("limit") {
		n, ok := parseLimit(query.Get("limit"))
		if !ok {
			return Cursor{}, 0, refuse(http.StatusBadRequest, "limit: must be a whole number between 1 and %d", maxPage)
		}
		limit = n
	}
	if query.Has("next") {
		cursor, ok := parseNext(query.Get("next"))
		if !ok {
			return Cursor{}, 0, refuse(http.StatusBadRequest, "next: must be the Next of an earlier answer")
		}
		after = cursor
	}
	return after, limit, nil
}

// parseLimit takes one spelling of a number: no sign, no leading zero, nothing around it.
func parseLimit(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= maxPage && strconv.Itoa(n) == s
}

// A Next is the key of the last ride on the page before: 8 bytes of milliseconds since 1970,
// big-endian, and the 16 bytes of its RideId. It is not signed: it opens nothing that the caller
// may not list anyway.
const nextBytes = 8 + rideIDBytes

var nextEncoding = base64.RawURLEncoding // 24 bytes fill their characters: each has one spelling

func formatNext(last Ride) (string, bool) {
	token := binary.BigEndian.AppendUint64(make([]byte, 0, nextBytes), uint64(last.RequestTime.UnixMilli()))
	token, err := rideIDEncoding.AppendDecode(token, []byte(last.RideID))
	return nextEncoding.EncodeToString(token), err == nil && len(token) == nextBytes
}

func parseNext(s string) (Cursor, bool) {
	if len(s) != nextEncoding.EncodedLen(nextBytes) {
		return Cursor{}, false
	}
	token, err := nextEncoding.DecodeString(s) // which skips CR and LF, hence the second count
	if err != nil || len(token) != nextBytes {
		return Cursor{}, false
	}
	return Cursor{
		RequestTime: time.UnixMilli(int64(binary.BigEndian.Uint64(token))).UTC(),
		RideID:      rideIDEncoding.EncodeToString(token[8:]),
	}, true
}
