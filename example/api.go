package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	apiFile = "api.json"
	stage   = "prod"
	service = "execute-api"
)

// api is what the ARNs of the deployment are made of, and the pools are known by. It is kept in
// api.json, since the policies name it.
type api struct {
	Region    string
	AccountID string `json:"AccountId"`
	APIID     string `json:"ApiId"`
	pools
}

// pools are the user pool, the one client of it, and the identity pool. Passwords and tokens are of
// the user pool, identities and trust policies of the identity pool.
type pools struct {
	UserPoolID     string `json:"UserPoolId,omitempty"`
	ClientID       string `json:"UserPoolClientId,omitempty"`
	IdentityPoolID string `json:"IdentityPoolId,omitempty"`
}

var (
	isAccountID = regexp.MustCompile(`^[0-9]{12}$`).MatchString
	isAPIID     = regexp.MustCompile(`^[a-z0-9]{1,64}$`).MatchString
	isPoolName  = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`).MatchString
	isClientID  = regexp.MustCompile(`^[a-z0-9]{1,128}$`).MatchString
	isUUID      = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString
)

// newPools makes pools of a region, with IDs in Cognito's forms.
func newPools(region string) pools {
	var b [16]byte
	_, _ = rand.Read(b[:])  // never fails
	b[6] = b[6]&0x0f | 0x40 // RFC 9562, section 5.4
	b[8] = b[8]&0x3f | 0x80
	return pools{
		UserPoolID:     region + "_" + rand.Text()[:9],
		ClientID:       strings.ToLower(rand.Text()),
		IdentityPoolID: fmt.Sprintf("%s:%x-%x-%x-%x-%x", region, b[:4], b[4:6], b[6:8], b[8:10], b[10:]),
	}
}

// valid reports whether the IDs have the form of those of a region.
func (p pools) valid(region string) bool {
	name, inRegion := strings.CutPrefix(p.UserPoolID, region+"_")
	id, alsoInRegion := strings.CutPrefix(p.IdentityPoolID, region+":")
	return inRegion && alsoInRegion && isPoolName(name) && isUUID(id) && isClientID(p.ClientID)
}

// openAPI reads api.json, and writes it at the first start. A region other than its own is refused:
// no policy of the folder would allow anything any more.
func openAPI(dir, region string) (a api, err error) {
	path := filepath.Join(dir, apiFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createAPI(dir, region); err != nil {
			return api{}, err
		}
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return api{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a); err != nil {
		return api{}, fmt.Errorf("%s: %w", apiFile, err)
	}
	if !isRegion(a.Region) || !isAccountID(a.AccountID) || !isAPIID(a.APIID) {
		return api{}, fmt.Errorf("%s: Region, AccountId (12 digits) and ApiId (lower-case letters and digits) are needed", apiFile)
	}
	if region != "" && region != a.Region {
		return api{}, fmt.Errorf("it was made for region %s, not %s: leave -region out, or choose another folder with -data", a.Region,
			region)
	}
	if a.pools == (pools{}) { // the folder of an older version
		a.pools = newPools(a.Region)
		if err := a.write(path, replaceFile); unwritable(err) {
			a.pools = pools{}
		} else if err != nil {
			return api{}, err
		}
	} else if !a.valid(a.Region) {
		return api{}, fmt.Errorf("%s: UserPoolId (%s_ and letters and digits), UserPoolClientId (lower-case letters and digits) and "+
			"IdentityPoolId (%[2]s: and a UUID) go together", apiFile, a.Region)
	}
	return a, nil
}

// write writes api.json in one of the ways in which files are written.
func (a api) write(path string, write func(path string, data []byte) error) error {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	return write(path, append(data, '\n'))
}

func createAPI(dir, region string) error {
	// The policies of a folder that is complete have account and API in them: others would deny
	// everybody without a word.
	for _, complete := range []string{principalsFile, revisionName} {
		if _, err := os.Stat(filepath.Join(dir, complete)); err == nil {
			return fmt.Errorf("%s is missing, which the policies depend on: restore it", apiFile)
		}
	}
	if region == "" {
		region = defaultRegion
	}
	n, err := rand.Int(rand.Reader, big.NewInt(9e11))
	if err != nil {
		return err
	}
	return api{
		Region:    region,
		AccountID: fmt.Sprint(n.Int64() + 1e11), // 12 digits, the first no zero
		APIID:     strings.ToLower(rand.Text()[:10]),
		pools:     newPools(region),
	}.write(filepath.Join(dir, apiFile), createFile)
}

// gateway is the API as requests are mapped to it.
func (a api) gateway() sigv4auth.APIGateway {
	return sigv4auth.APIGateway{Region: a.Region, AccountID: a.AccountID, APIID: a.APIID, Stage: stage}
}

// resource returns the ARN of what STAGE/METHOD/path names, which may have wildcards.
func (a api) resource(path string) string {
	return "arn:aws:execute-api:" + a.Region + ":" + a.AccountID + ":" + a.APIID + "/" + path
}

// principal returns the ARN of a principal of the workshop, whose names lie under /wildrydes/.
func (a api) principal(kind, name string) string {
	return "arn:aws:iam::" + a.AccountID + ":" + kind + "/wildrydes/" + name
}

// provider returns what clients call the user pool where they sign in to the identity pool, and
// what identities are kept under.
func (a api) provider() string { return "cognito-idp." + a.Region + ".amazonaws.com/" + a.UserPoolID }

// poolRole returns the ARN of a role of the identity pool, as Cognito's console names it.
func (a api) poolRole(name string) string { return "arn:aws:iam::" + a.AccountID + ":role/" + name }
