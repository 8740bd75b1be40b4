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

// api is what the ARNs of the deployment are made of. It is kept in api.json, since the policies
// name it.
type api struct {
	Region    string
	AccountID string `json:"AccountId"`
	APIID     string `json:"ApiId"`
}

var (
	isAccountID = regexp.MustCompile(`^[0-9]{12}$`).MatchString
	isAPIID     = regexp.MustCompile(`^[a-z0-9]{1,64}$`).MatchString
)

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
	return a, nil
}

func createAPI(dir, region string) error {
	// The policies of a folder that is complete have account and API in them: others would deny
	// everybody without a word.
	if _, err := os.Stat(filepath.Join(dir, principalsFile)); err == nil {
		return fmt.Errorf("%s is missing, which the policies depend on: restore it", apiFile)
	}
	if region == "" {
		region = defaultRegion
	}
	n, err := rand.Int(rand.Reader, big.NewInt(9e11))
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(api{
		Region:    region,
		AccountID: fmt.Sprint(n.Int64() + 1e11), // 12 digits, the first no zero
		APIID:     strings.ToLower(rand.Text()[:10]),
	}, "", "  ")
	if err != nil {
		return err
	}
	return createFile(filepath.Join(dir, apiFile), append(data, '\n'))
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
