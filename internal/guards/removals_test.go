package guards_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// removal takes out a guard that is no condition, or shows that a second test holds one: with stands for old, a statement or an expression that the file holds once,
// and the holder has to fail then. An empty with leaves the statement out.
type removal struct{ threat, file, old, with, holder string }

const removalMark = "removal for threat "

func (r removal) id() string {
	return fmt.Sprintf("%s%s: %s: %s => %s", removalMark, r.threat, r.file, r.old, r.with)
}

func isRemoval(id string) bool { return strings.HasPrefix(id, removalMark) }

var removals = []removal{
	{"8", "sigv4auth/algorithm.go", `p.algorithm.name()`, `v4.Algorithm`, "sigv4auth TestSigV4ATwin"},
	{"17", "sigv4auth/protocolheaders.go", `isAmz(key)`, `false`, "sigv4auth TestRefusedCoverage"},
	{"25", "sigv4auth/internal/v4/header.go", `dst = append(dst, ',')`, ``, "sigv4auth/internal/v4 TestAppendValues"},
	{"26", "sigv4auth/streaming.go", `stream.Trailer = trailer`, `if v := r.Trailer.Get(trailer); v != "" { stream.Checksum = v } else { stream.Trailer = trailer }`, "sigv4auth TestHTTPTrailers"},
	{"31", "sigv4auth/internal/v4/query.go", `part, raw, more = strings.Cut(raw, "&")`, `part, raw, more = strings.Cut(strings.ReplaceAll(raw, ";", "&"), "&")`, "sigv4auth/internal/v4 TestQuery"},
	{"32", "sigv4auth/internal/v4/query.go", `c = ' '`, `c = '+'`, "sigv4auth/internal/v4 TestQuery"},
	{"32", "sigv4auth/diagnosequery.go", `strings.ReplaceAll(raw, "+", "%2B")`, `raw`, "sigv4auth TestDiagnose"},
	{"33", "sigv4auth/internal/v4/query.go", `slices.SortFunc(q.pairs, q.compare)`, ``, "sigv4auth/internal/v4 TestQuery"},
	{"34", "sigv4auth/internal/v4/query.go", `dst = append(dst, '=')`, ``, "sigv4auth/internal/v4 TestQuery"},
	{"35", "sigv4auth/internal/v4/escape.go", `upperHex[c>>4]`, `"0123456789abcdef"[c>>4]`, "sigv4auth/internal/v4 TestQuery"},
	{"36", "sigv4auth/internal/v4/path.go", `return appendPathEncoded(dst, raw)`, `return appendPathDecoded(dst, raw)`, "sigv4auth TestPathStyles"},
	{"40", "sigv4auth/internal/v4/header.go", `for isSpace(v[i+1]) { // v does not end in white space
				i++
			}`, ``, "sigv4auth/internal/v4 TestAppendValues"},
	{"42", "sigv4auth/internal/v4/canonical.go", `return dst, ErrHeaderMissing`, `values = []string{"80"}`, "sigv4auth TestProtocols"},
	{"43", "sigv4auth/internal/v4/canonical.go", `values = r.Header[string(n.key)]`, `if string(n.key) == "User-Agent" { continue }; values = r.Header[string(n.key)]`, "sigv4auth TestWhateverIsListed"},
	{"44", "sigv4auth/verifier.go", "import (\n", "import (\n\t_ \"github.com/aws/aws-sdk-go-v2/aws/signer/v4\"\n", "internal/house TestNoSignerVerifies"},
	{"45", "sigv4auth/internal/v4/header.go", `return dst, ErrHeaderControl`, `dst = append(dst, c)`, "sigv4auth/internal/v4 FuzzCanonical"},
	{"48", "sigv4auth/streaming.go", `b.failed = bodyRefusal(err)`, ``, "sigv4auth TestBadBody"},
	{"49", "sigv4auth/streaming.go", `r.Body, r.ContentLength = b, d.stream.Length`, `r.ContentLength = d.stream.Length`, "sigv4auth TestReplacedBody"},
	{"56", "sigv4auth/handler.go", `next.ServeHTTP(w, r)`, `r.Header.Del("Content-Encoding"); next.ServeHTTP(w, r)`, "sigv4auth TestCompressedBody"},
	{"58", "sigv4auth/streaming.go", `d.stream.Chain = key.chain(p)`, ``, "sigv4auth TestBadBody"},
	{"61", "sigv4auth/internal/chunked/reader.go", `return nil, r.err`, `if len(data) > 0 { return data, nil }; return nil, r.err`, "sigv4auth/internal/chunked TestReleased"},
	{"61", "sigv4auth/internal/chunked/reader.go", `clear(data)`, ``, "sigv4auth/internal/chunked TestCleared"},
	{"61", "sigv4auth/internal/chunked/fault.go", `cause = io.ErrUnexpectedEOF`, ``, "sigv4auth/internal/chunked TestCut"},
	{"65", "sigv4auth/checksum.go", `d.stream.Sum, d.stream.Checksum = d.checksum.sum, d.checksum.value`, ``, "sigv4auth TestChecksumHeaderOfChunks"},
	{"73", "sigv4auth/internal/v4/regionset.go", `holds = holds || matchesRegion(element, region)`, `holds = true`, "sigv4auth/internal/v4 TestRegionSetHolds"},
	{"74", "sigv4auth/verifier.go", `rec.event.Time = now`, `rec.event.Time = a.now()`, "sigv4auth TestOneInstantAndContext"},
	{"74", "sigv4auth/verifier.go", `a.telemetry.clock.Record(ctx, now.Sub(p.signedAt).Seconds())`, ``, "sigv4auth TestServerClock"},
	{"75", "sigv4auth/verifier.go", `rec.event.Time = now`, `rec.event.Time = now; if a.diagnoses.made++; a.diagnoses.made > 1 { return malformed("a repeat") }`, "sigv4auth TestRepeats"},
	{"79", "sigv4auth/internal/v4/sigv4a.go", `ecdsa.VerifyASN1(key, sum[:], sig)`, `(sig[5+int(sig[3])] <= 32 && ecdsa.VerifyASN1(key, sum[:], sig))`, "sigv4auth/internal/v4 TestSignatureTwin"},
	{"82", "sigv4auth/conditions.go", `id.VerifiedAt.Sub(id.SignedAt)`, `id.VerifiedAt.Sub(id.VerifiedAt)`, "sigv4auth TestConditionKeys"},
	{"88", "sigv4auth/clock.go", `longest = int64(p.expires / time.Second)`, ``, "sigv4auth TestRefusedPresigned"},
	{"97", "sigv4auth/event.go", `forLog(path)`, `forLog(r.RequestURI)`, "sigv4auth TestEventHoldsNoSecret"},
	{"97", "sigv4auth/diagnoseredact.go", `d.CanonicalRequest = hides.lines(s.shown(x.missing))`, `d.CanonicalRequest = strings.Join(s.lines, "\n")`, "sigv4auth TestDiagnosisHoldsNoSecret"},
	{"97", "sigv4auth/diagnoseredact.go", `unquoted(plain)`, `""`, "sigv4auth TestDiagnosisHoldsNoSecret"},
	{"100", "sigv4auth/internal/v4/canonical.go", `dst = append(dst, r.Method...)`, `if r.Method == "HEAD" { dst = append(dst, "GET"...) } else { dst = append(dst, r.Method...) }`, "sigv4auth TestAdmitted"},
	{"104", "sigv4auth/keycache.go", `cacheKey{secretDigest: secret.digest, date: date, accessKeyID: accessKeyID}`, `cacheKey{date: date, accessKeyID: accessKeyID}`, "sigv4auth TestRotation"},
	{"104", "sigv4auth/keycache.go", `k != nil && k.of.date == date && k.of.accessKeyID == accessKeyID && v4.SameDigest(&k.of.secretDigest, &secret.digest)`, `k != nil && k.of.date == date && k.of.accessKeyID == accessKeyID`, "sigv4auth TestKeysInOneSlot"},
	{"104", "sigv4auth/keycache.go", `k != nil && k.of.date == date && k.of.accessKeyID == accessKeyID && v4.SameDigest(&k.of.secretDigest, &secret.digest)`, `k != nil && k.of.accessKeyID == accessKeyID && v4.SameDigest(&k.of.secretDigest, &secret.digest)`, "sigv4auth TestKeysOfTwoDays"},
	{"104", "sigv4auth/keycache.go", `k != nil && k.of.date == date && k.of.accessKeyID == accessKeyID && v4.SameDigest(&k.of.secretDigest, &secret.digest)`, `k != nil && k.of.date == date && v4.SameDigest(&k.of.secretDigest, &secret.digest)`, "sigv4auth TestSigV4AAdmitted"},
	{"116", "sigv4auth/secret.go", `_, _ = io.WriteString(f, redacted)`, `_, _ = io.WriteString(f, s.Reveal())`, "sigv4auth TestSecretIsRedacted"},
	{"116", "sigv4auth/secret.go", `return []byte(redacted), nil`, `return []byte(s.Reveal()), nil`, "sigv4auth TestSecretIsRedacted"},
	{"116", "sigv4auth/signingkey.go", `_, _ = io.WriteString(f, redacted)`, `_, _ = f.Write(k.Reveal())`, "sigv4auth TestSecretIsRedacted"},
	{"119", "sigv4auth/clientip.go", `ok && p.trusts(addr)`, `ok`, "sigv4auth TestClientIP"},
	{"119", "sigv4auth/clientip.go", `!p.trusts(addr)`, `false`, "sigv4auth TestClientIP"},
	{"119", "sigv4auth/clientip.go", `!ok || count > maxForwarded`, `!ok`, "sigv4auth TestRelayedConditions"},
	{"120", "sigv4auth/relayed.go", `!trusted`, `false`, "sigv4auth TestRelayed"},
	{"121", "sigv4auth/clientip.go", `a.Unmap().WithZone("")`, `a.WithZone("")`, "sigv4auth TestClientIP"},
	{"121", "sigv4auth/clientip.go", `return canonicalAddr(ap.Addr()), true`, `return ap.Addr().Unmap(), true`, "sigv4auth TestClientIP"},
	{"121", "sigv4auth/authorize.go", `canonicalAddr(addr)`, `addr`, "sigv4auth TestClientIPIsCanonical"},
	{"122", "sigv4auth/conditions.go", `return id.relayed.secure`, `return true`, "sigv4auth TestRelayedConditions"},
	{"122", "sigv4auth/conditions.go", `c.to.Set("aws:SecureTransport", strconv.FormatBool(secureTransport(r, id)))`, ``, "sigv4auth TestRelayedConditions"},
	{"123", "sigv4auth/relayed.go", `!validHost(host) || len(all) == maxHosts`, `len(all) == maxHosts`, "sigv4auth TestRelayed"},
	{"123", "sigv4auth/relayed.go", `!validHost(host) || len(all) == maxHosts`, `!validHost(host)`, "sigv4auth TestRelayed"},
	{"123", "sigv4auth/signedhost.go", `s.matches(s.other, key, p) && !found`, `true`, "sigv4auth TestRelayed"},
	{"147", "sigv4auth/handler.go", `delete(r.Header, key)`, ``, "sigv4auth TestStrip"},
	{"200", "sigv4auth/authorize.go", `set.Sessions = id.session.Policies`, ``, "sigv4auth TestSessionPolicies"},
	{"179", "sigv4auth/conditions.go", `known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`, `serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`, "sigv4auth TestProvidersKeysWin"},
	{"179", "sigv4auth/conditions.go", `known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`, `known || strings.HasPrefix(lower, "aws:principaltag/")`, "sigv4auth TestServersKeysWin"},
	{"179", "sigv4auth/conditions.go", `known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`, `known || serverKeys[lower]`, "sigv4auth TestServersKeysWin"},
	{"212", "sigv4auth/algorithm.go", `v4.SameDigest(s.mac.Sign(key.signing, sts), &p.mac)`, `*s.mac.Sign(key.signing, sts) == p.mac`, "internal/house TestConstantTime"},
	{"213", "sigv4auth/verifier.go", `messageMismatch`, `messageMismatch + string(s.buf)`, "sigv4auth TestAnswerTellsNoSignature"},
	{"214", "sigv4auth/event.go", `s[i] >= 0x20 && s[i] < 0x7f`, `true`, "sigv4auth TestEventHoldsNoSecret"},
	{"215", "sigv4auth/telemetry.go", `outcome = string(e.ErrorCode)`, `outcome = e.AccessKeyID`, "sigv4auth TestTelemetry"},
	{"218", "sigv4auth/audit.go", `refused = a.recorded(rec, refused, func() { a.audit(ctx, rec.event) })`, ``, "sigv4auth TestRequire"},
	{"221", "sigv4auth/body.go", `min(r.ContentLength, firstRead)`, `r.ContentLength`, "sigv4auth TestLongBodies"},
	{"221", "sigv4auth/internal/chunked/reader.go", `min(size, firstBuffer)`, `size`, "sigv4auth/internal/chunked TestBigChunks"},
	{"222", "sigv4auth/verifier.go", `rec.event.AccessKeyID = p.accessKeyID`, `rec.event.AccessKeyID = p.accessKeyID; _, _ = a.store.Credential(ctx, p.accessKeyID, p.token)`, "sigv4auth TestLookup"},
	{"223", "sigv4auth/config.go", `orDefault(cfg.KeyCacheSize, defaultKeyCacheSize)`, `1 << 20`, "sigv4auth TestKeyCacheIsBounded"},
	{"224", "iampolicy/evaluate.go", `e.work += 1 + n/16`, ``, "iampolicy TestEvaluateDeniesPastItsBudget"},
	{"227", "sigv4auth/verifier.go", `refused = panicked(v)`, ``, "sigv4auth TestPanics"},
	{"227", "sigv4auth/handler.go", `refused = panicked(v)`, ``, "sigv4auth TestPanics"},
	{"227", "sigv4auth/authorize.go", `refused = panicked(v)`, ``, "sigv4auth TestRequire"},
	{"227", "sigv4auth/audit.go", `final = panicked(v)`, ``, "sigv4auth TestPanics"},
	{"227", "sigv4auth/telemetry.go", `ctx, m, refused = parent, nil, panicked(v)`, `ctx, m = parent, nil`, "sigv4auth TestTelemetryPanics"},
	{"231", "sigv4auth/config.go", `slices.Clone(cfg.Hosts)`, `cfg.Hosts`, "sigv4auth TestNewCopies"},
	{"231", "sigv4auth/session.go", `s.Tags = maps.Clone(s.Tags)`, ``, "sigv4auth TestCallerOwnsNothing"},
	{"231", "sigv4auth/session.go", `p.Tags = maps.Clone(p.Tags)`, ``, "sigv4auth TestCallerOwnsNothing"},
	{"231", "sigv4auth/verifier.go", `ownTags(&id.Principal)`, ``, "sigv4auth TestCallerOwnsNothing"},
	{"231", "sigv4auth/session.go", `s.Policies = slices.Clone(s.Policies)`, ``, "sigv4auth TestOneInstantAndContext"},
	{"231", "sigv4auth/session.go", `c.SigningKeys = slices.Clone(c.SigningKeys)`, ``, "sigv4auth TestStaticDerivedKeys"},
	{"231", "sigv4auth/signingkey.go", `bytes.Clone(k.open().raw[:])`, `k.open().raw[:]`, "sigv4auth TestRevealedKey"},
	{"231", "sigv4auth/handler.go", `r.Header = r.Header.Clone()`, ``, "sigv4auth TestStrip"},
	{"233", "sigv4auth/streaming.go", `d.stream.Admission = &b.standing`, ``, "sigv4auth TestRevokedWhileStreaming"},
	{"234", "sigv4auth/lookagain.go", `id.take(&c)`, ``, "sigv4auth TestRevisionGone"},
	{"234", "sigv4auth/errors.go", `e.Code = ErrRevisionGone`, ``, "sigv4auth TestRevisionGone"},
}

// sourceTests is the package whose tests read the source instead of running it. They cannot be told which guard is taken out: they get another source.
const sourceTests = "internal/house"

// sourceFails reports whether a removal's holder, which reads the source, fails for a copy of it with the removal.
func (s *suite) sourceFails(t *testing.T, r removal) bool {
	t.Helper()
	tests, name, _ := strings.Cut(r.holder, " ")
	copied := t.TempDir()
	err := filepath.WalkDir(s.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return cmp.Or(err, fs.SkipDir)
		}
		rel, err := filepath.Rel(s.root, name)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(copied, rel), 0o700))
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if filepath.ToSlash(rel) == r.file {
			text = bytes.Replace(text, []byte(r.old), []byte(r.with), 1)
		}
		return errors.Join(err, os.WriteFile(filepath.Join(copied, rel), text, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), s.binary(t, tests), "-test.run", "^"+name+"$", "-test.v")
	cmd.Dir = filepath.Join(copied, tests)
	out, err := cmd.CombinedOutput()
	return err != nil && strings.Contains(string(out), "--- FAIL: "+name)
}
