package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// poolSize is how many requests are signed before a round; they are sent in turn.
const poolSize = 256

// A shot is one request as it goes onto the wire, in two parts: slow clients pause between them.
type shot struct {
	head, tail []byte
	bad        bool // its signature is wrong
}

// newOrder makes up a temporary key, whose token is as long as those of STS at the least, and a
// user's.
func newOrder() order {
	token := make([]byte, 0, 668)
	for len(token) < 668 {
		token = append(token, rand.Text()...)
	}
	o := order{AccessKey: "ASIA" + rand.Text()[:16], Secret: rand.Text() + rand.Text(), Token: string(token[:668])}
	o.User.AccessKey, o.User.Secret = "AKIA"+rand.Text()[:16], rand.Text()+rand.Text()
	return o
}

// sign returns the requests of a scenario, signed by AWS's own signer: for rides, as the workshop's
// page sends them, or for sessions of a role, as the SDKs do. Of them s.Bad percent are spoilt in
// the signature's last digit.
func sign(ctx context.Context, o order, s scenario, host string) ([]shot, error) {
	signer := v4.NewSigner()
	shots := make([]shot, poolSize)
	for i := range shots {
		credentials := aws.Credentials{AccessKeyID: o.AccessKey, SecretAccessKey: o.Secret, SessionToken: o.Token}
		target, contentType, of := "/"+stage+"/ride", "application/json", service
		body := fmt.Appendf(nil, `{"PickupLocation":{"Latitude":%.6f,"Longitude":%.6f}}`, 47.6+float64(i)/1e4, -122.3-float64(i)/1e4)
		if s.Assume {
			credentials = aws.Credentials{AccessKeyID: o.User.AccessKey, SecretAccessKey: o.User.Secret}
			target, contentType, of = "/", "application/x-www-form-urlencoded", "sts"
			body = []byte(url.Values{
				"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {roleARN},
				"RoleSessionName": {fmt.Sprintf("rider-%03d", i)},
			}.Encode())
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+target, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("User-Agent", "e2e")
		digest := sha256.Sum256(body)
		if err := signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(digest[:]), of, region, time.Now()); err != nil {
			return nil, err
		}
		// 37 and 100 have no common divisor, so that they are spread and not in a run.
		shots[i].bad = i*37%100 < s.Bad
		if shots[i].bad {
			spoil(req.Header)
		}
		var wire bytes.Buffer
		if err := req.Write(&wire); err != nil {
			return nil, err
		}
		split := wire.Len() - len(body)/2
		shots[i].head, shots[i].tail = wire.Bytes()[:split], wire.Bytes()[split:]
	}
	return shots, nil
}

func spoil(h http.Header) {
	value := h.Get("Authorization")
	last := "0"
	if strings.HasSuffix(value, "0") {
		last = "1"
	}
	h.Set("Authorization", value[:len(value)-1]+last)
}
