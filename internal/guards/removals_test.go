package guards_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// removal takes out a guard that is no condition, or shows that a second test holds one: with
// stands for old, and the holder has to fail then. mark is the threat's number, with a letter where
// several are about one threat; it ends the line of the source that holds old. An empty old is the
// statement which begins there, and an empty with leaves it out.
type removal struct{ mark, old, with, holder string }

const removalMark = "removal "

func (r removal) id() string {
	return fmt.Sprintf("%s%s: %s", removalMark, r.mark, r.with)
}

func isRemoval(id string) bool { return strings.HasPrefix(id, removalMark) }

var removals = []removal{
	{"8", `p.algorithm.name()`, `v4.Algorithm`, "sigv4auth TestSigV4ATwin"},
	{"17", `v4.IsAmz(key)`, `false`, "sigv4auth TestRefusedCoverage"},
	{"25", `dst = append(dst, ',')`, ``, "sigv4auth/internal/v4 TestAppendValues"},
	{
		"26", `stream.Trailer = trailer`,
		`if v := r.Trailer.Get(trailer); v != "" { stream.Checksum = v } else { stream.Trailer = trailer }`, "sigv4auth TestHTTPTrailers",
	},
	{
		"31", `part, raw, more = strings.Cut(raw, "&")`, `part, raw, more = strings.Cut(strings.ReplaceAll(raw, ";", "&"), "&")`,
		"sigv4auth/internal/v4 TestQuery",
	},
	{"32a", `c = ' '`, `c = '+'`, "sigv4auth/internal/v4 TestQuery"},
	{"32b", `strings.ReplaceAll(raw, "+", "%2B")`, `raw`, "sigv4auth TestDiagnose"},
	{"33", `slices.SortFunc(q.pairs, q.compare)`, ``, "sigv4auth/internal/v4 TestQuery"},
	{"34", `dst = append(dst, '=')`, ``, "sigv4auth/internal/v4 TestQuery"},
	{"35", `upperHex[c>>4]`, `"0123456789abcdef"[c>>4]`, "sigv4auth/internal/v4 TestQuery"},
	{"36", `return appendPathEncoded(dst, raw)`, `return appendPathDecoded(dst, raw)`, "sigv4auth TestPathStyles"},
	{"40", ``, ``, "sigv4auth/internal/v4 TestAppendValues"},
	{"42", `return dst, ErrHeaderMissing`, `values = []string{"80"}`, "sigv4auth TestProtocols"},
	{
		"43", `values = r.Header[string(n.key)]`, `if string(n.key) == "User-Agent" { continue }; values = r.Header[string(n.key)]`,
		"sigv4auth TestWhateverIsListed",
	},
	{"44", `"github.com/wildgate/wildgate/sigv4auth/internal/v4"`, `"github.com/wildgate/wildgate/sigv4auth/internal/v4"
	_ "github.com/aws/aws-sdk-go-v2/aws/signer/v4"`, "internal/house TestNoSignerVerifies"},
	{"45", `return dst, ErrHeaderControl`, `dst = append(dst, c)`, "sigv4auth/internal/v4 FuzzCanonical"},
	{"48", `b.failed = bodyRefusal(err)`, ``, "sigv4auth TestBadBody"},
	{"48b", `defer rec.discard()`, ``, "sigv4auth TestSpoolIsRemoved"},
	{"49", `r.Body, r.ContentLength = b, d.stream.Length`, `r.ContentLength = d.stream.Length`, "sigv4auth TestReplacedBody"},
	{"56", `next.ServeHTTP(w, r)`, `r.Header.Del("Content-Encoding"); next.ServeHTTP(w, r)`, "sigv4auth TestCompressedBody"},
	{"58", `d.stream.Chain = key.chain(p)`, ``, "sigv4auth TestBadBody"},
	{"61a", `return nil, r.err`, `if len(data) > 0 { return data, nil }; return nil, r.err`, "sigv4auth/internal/chunked TestReleased"},
	{"61b", `clear(data)`, ``, "sigv4auth/internal/chunked TestCleared"},
	{"61c", `cause = io.ErrUnexpectedEOF`, ``, "sigv4auth/internal/chunked TestCut"},
	{"65", `d.stream.Sum, d.stream.Checksum = d.checksum.sum, d.checksum.value`, ``, "sigv4auth TestChecksumHeaderOfChunks"},
	{"73", `holds = holds || matchesRegion(element, region)`, `holds = true`, "sigv4auth/internal/v4 TestRegionSetHolds"},
	{"74a", `rec.event.Time = now`, `rec.event.Time = a.now()`, "sigv4auth TestOneInstantAndContext"},
	{"74b", `a.telemetry.clock.Record(ctx, now.Sub(p.signedAt).Seconds())`, ``, "sigv4auth TestServerClock"},
	{
		"75", `rec.event.Time = now`, `rec.event.Time = now; if a.diagnoses.made++; a.diagnoses.made > 1 { return malformed("a repeat") }`,
		"sigv4auth TestRepeats",
	},
	{"79", `ecdsa.VerifyASN1(key, sum[:], sig)`, `(sig[5+int(sig[3])] <= 32 && ecdsa.VerifyASN1(key, sum[:], sig))`, "sigv4auth/internal/v4 TestSignatureTwin"},
	{"82", `id.VerifiedAt.Sub(id.SignedAt)`, `id.VerifiedAt.Sub(id.VerifiedAt)`, "sigv4auth TestConditionKeys"},
	{"88", `longest = int64(p.expires / time.Second)`, ``, "sigv4auth TestRefusedPresigned"},
	{"88b", `min(skew, cfg.MaxPresignExpiry)`, `cfg.MaxPresignExpiry`, "sigv4auth TestPresignExpiresOptional"},
	{"88c", `auth.MaxPresignExpiry > 0`, `false`, "sigv4auth/sts TestPresignedWithoutExpires"},
	{"97a", `forLog(linePath(r))`, `forLog(r.RequestURI)`, "sigv4auth TestEventHoldsNoSecret"},
	{
		"97b", `d.CanonicalRequest = printableLines(s.shown(x.missing), hides)`, `d.CanonicalRequest = strings.Join(s.lines, "\n")`,
		"sigv4auth TestDiagnosisHoldsNoSecret",
	},
	{"97c", `unquoted(plain)`, `""`, "sigv4auth TestDiagnosisHoldsNoSecret"},
	{
		"100", `dst = append(dst, r.Method...)`,
		`if r.Method == "HEAD" { dst = append(dst, "GET"...) } else { dst = append(dst, r.Method...) }`, "sigv4auth TestAdmitted",
	},
	{"104a", `cacheKey{*digest, accessKeyID}`, `cacheKey{accessKeyID: c.AccessKeyID}`, "sigv4auth TestRotation"},
	{
		"104b", `k.date == date && k.accessKeyID == accessKeyID && v4.SameDigest(&k.secretDigest, secretDigest)`,
		`k.date == date && k.accessKeyID == accessKeyID`, "sigv4auth TestKeysInOneSlot",
	},
	{
		"104c", `k.date == date && k.accessKeyID == accessKeyID && v4.SameDigest(&k.secretDigest, secretDigest)`,
		`k.accessKeyID == accessKeyID && v4.SameDigest(&k.secretDigest, secretDigest)`, "sigv4auth TestKeysOfTwoDays",
	},
	{
		"104d", `k.date == date && k.accessKeyID == accessKeyID && v4.SameDigest(&k.secretDigest, secretDigest)`,
		`k.date == date && v4.SameDigest(&k.secretDigest, secretDigest)`, "sigv4auth TestSigV4AAdmitted",
	},
	{"223a", `scoped && timely`, `scoped`, "sigv4auth TestOneKeyTakesNoRoomOfOthers"},
	{"116a", `_, _ = io.WriteString(f, redact.Redacted)`, `_, _ = io.WriteString(f, s.Reveal())`, "sigv4auth TestSecretIsRedacted"},
	{"116b", `return []byte(redact.Redacted), nil`, `return []byte(s.Reveal()), nil`, "sigv4auth TestSecretIsRedacted"},
	{"116c", `_, _ = io.WriteString(f, redact.Redacted)`, `_, _ = f.Write(k.Reveal())`, "sigv4auth TestSecretIsRedacted"},
	{"119b", `!p.trusts(a)`, `false`, "sigv4auth TestClientIP"},
	{"119c", `!ok || count > maxElements`, `!ok`, "sigv4auth TestRelayedConditions"},
	{"120", `!p.trustsPeer(&r)`, `false`, "sigv4auth TestRelayed"},
	{"121a", `a.Unmap().WithZone("")`, `a.WithZone("")`, "sigv4auth TestClientIP"},
	{"121b", `return forwarded.CanonicalAddr(ap.Addr()), true`, `return ap.Addr().Unmap(), true`, "sigv4auth TestClientIP"},
	{"121c", `forwarded.CanonicalAddr(addr)`, `addr`, "sigv4auth TestClientIPIsCanonical"},
	{"122a", `return id.original.Secure, id.original.SchemeUntold`, `return true, ""`, "sigv4auth TestRelayedConditions"},
	{"122b", `c.to.Set("aws:SecureTransport", strconv.FormatBool(secure))`, ``, "sigv4auth TestRelayedConditions"},
	{"123a", `!v4.ValidHost(host) || len(all) == maxHosts`, `len(all) == maxHosts`, "sigv4auth TestRelayed"},
	{"123b", `!v4.ValidHost(host) || len(all) == maxHosts`, `!v4.ValidHost(host)`, "sigv4auth TestRelayed"},
	{"123c", `s.matches(s.other, key, p) && !found`, `true`, "sigv4auth TestRelayed"},
	{"147", `delete(left, key)`, ``, "sigv4auth TestStrip"},
	{"149", `seen.holds(n.Kids, name)`, `false`, "internal/jsontree TestRefused"},
	{"156", `r == utf8.RuneError`, `false`, "internal/jsontree TestRefused"},
	{"190", `id.VerifiedAt.UTC()`, `time.Now().UTC()`, "sigv4auth TestOneInstantForPolicies"},
	{"198", `id.VerifiedAt.UTC()`, `id.SignedAt.UTC()`, "sigv4auth TestOneInstantForPolicies"},
	{"200", `set.Sessions = id.session.Policies`, ``, "sigv4auth TestSessionPolicies"},
	{
		"179a", `known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`,
		`serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`, "sigv4auth TestProvidersKeysWin",
	},
	{
		"179b", `known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`,
		`known || strings.HasPrefix(lower, "aws:principaltag/")`, "sigv4auth TestServersKeysWin",
	},
	{"179c", `known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/")`, `known || serverKeys[lower]`, "sigv4auth TestServersKeysWin"},
	{"212", `v4.SameDigest(s.mac.Sign(key.signing, sts), &p.mac)`, `*s.mac.Sign(key.signing, sts) == p.mac`, "internal/house TestConstantTime"},
	{"213", `messageMismatch`, `messageMismatch + string(s.buf)`, "sigv4auth TestAnswerTellsNoSignature"},
	{"214a", `c >= 0x20 && c < 0x7f`, `true`, "sigv4auth TestEventHoldsNoSecret"},
	{"214b", `c == '\\'`, `false`, "sigv4auth TestEventTexts"},
	{"215", `outcome = e.Reason.label()`, `outcome = e.AccessKeyID`, "sigv4auth TestTelemetry"},
	{"218", `refused = a.callHook(rec, refused, func() { a.audit(ctx, rec.event) })`, ``, "sigv4auth TestRequire"},
	{"220b", `r.ContentLength > a.maxUndeclared`, `r.ContentLength > a.maxBody`, "sigv4auth TestUndeclaredIsBounded"},
	{"221a", `min(r.ContentLength, firstRead)`, `r.ContentLength`, "sigv4auth TestLongBodies"},
	{"221b", `min(size, firstBuffer)`, `size`, "sigv4auth/internal/chunked TestBigChunks"},
	{
		"222", `rec.event.AccessKeyID = claimedKeyID(p.accessKeyID)`,
		`rec.event.AccessKeyID = claimedKeyID(p.accessKeyID); _, _ = a.store.Credential(ctx, p.accessKeyID, p.token)`, "sigv4auth TestLookup",
	},
	{"223b", `orDefault(cfg.KeyCacheSize, defaultKeyCacheSize)`, `1 << 20`, "sigv4auth TestKeyCacheIsBounded"},
	{"224", `e.work += tryCost + n/16`, ``, "iampolicy TestEvaluateDeniesPastItsBudget"},
	{"226", `rec.event.Time = now`, `rec.event.Time = now; go func() { select {} }()`, "sigv4auth TestClientsThatGiveUp"},
	{"227a", `refused = panicked(v)`, ``, "sigv4auth TestPanics"},
	{"227b", `refused = panicked(v)`, ``, "sigv4auth TestPanics"},
	{"227c", `refused = panicked(v)`, ``, "sigv4auth TestRequire"},
	{"227d", `final = panicked(v)`, ``, "sigv4auth TestPanics"},
	{"227e", `ctx, m, refused = parent, nil, panicked(v)`, `ctx, m = parent, nil`, "sigv4auth TestTelemetryPanics"},
	{"231a", `slices.Clone(cfg.Hosts)`, `cfg.Hosts`, "sigv4auth TestNewCopies"},
	{"231b", `s.Tags = maps.Clone(s.Tags)`, ``, "sigv4auth TestCallerOwnsNothing"},
	{"231c", `p.Tags = maps.Clone(p.Tags)`, ``, "sigv4auth TestCallerOwnsNothing"},
	{"231d", `ownTags(&id.Principal)`, ``, "sigv4auth TestCallerOwnsNothing"},
	{"231e", `s.Policies = slices.Clone(s.Policies)`, ``, "sigv4auth TestOneInstantAndContext"},
	{"231f", `c.SigningKeys = slices.Clone(c.SigningKeys)`, ``, "sigv4auth TestStaticDerivedKeys"},
	{"231g", `bytes.Clone(k.open().raw[:])`, `k.open().raw[:]`, "sigv4auth TestRevealedKey"},
	{"237", `foldedInCGI[a[i]] != foldedInCGI[b[i]]`, `ascii.Lower(a[i]) != ascii.Lower(b[i])`, "sigv4auth TestStripSpellings"},
	{"231h", `left, copied = h.Clone(), true`, `copied = true`, "sigv4auth TestStrip"},
	{"233a", `d.stream.Admission = &b.standing`, ``, "sigv4auth TestRevokedWhileStreaming"},
	{"233d", `says.Admission = &b.standing`, ``, "sigv4auth TestRevokedWhileReadingPlain"},
	{"233e", `check != nil && rec.body != nil && a.outdated(rec.event.Time)`, `false`, "sigv4auth TestDeniedWhileSpooling"},
	{"234a", `id.take(&c)`, ``, "sigv4auth TestRevisionGone"},
	{"234b", `e.Reason = ErrRevisionGone`, ``, "sigv4auth TestRevisionGone"},
	{"233b", `age > maxLookupAge || age < 0`, `age < 0`, "sigv4auth TestSlowBody"},
	{"234c", `refused == nil || refused.Reason != ErrRevisionGone`, `true`, "sigv4auth TestRevisionGone"},
	{"236", `len(r.Header[from.header]) > 1`, `len(r.Header[from.header]) > 2`, "sigv4auth TestHeadersOfConditionKeysArriveOnce"},
	{"241", `p.UserID`, `p.UserName()`, "sigv4auth TestOwnerKey"},
	{"247", `a.now()`, `e.Time`, "sigv4auth TestDiagnosisLimitIsMonotone"},
	{"235a", `return netip.Addr{}, diagnosis.UntoldProxies`, `return p.Networks[0].Addr(), ""`, "sigv4auth TestClientIP"},
	{"235b", `c.to.SetUnknown("aws:SourceIp")`, ``, "sigv4auth TestRelayedConditions"},
	{"235c", `c.to.SetUnknown("aws:SecureTransport")`, `c.to.Set("aws:SecureTransport", "false")`, "sigv4auth TestRelayedConditions"},
	{"252a", `return c.deny`, `return false`, "iampolicy TestUnreadableValueDenies"},
	{"252b", `c.negated != c.deny`, `c.negated`, "iampolicy TestUnknownVariableDenies"},
	{"252c", `st.deny != st.notResource`, `st.notResource`, "iampolicy TestUnknownVariableDenies"},
	{"252d", `v.unread = append(v.unread, id)`, ``, "iampolicy TestIndexFindsWhatCannotBeRead"},
}

// sourceTests is the package whose tests read the source instead of running it. They cannot be told
// which guard is taken out: they get another source.
const sourceTests = "internal/house"

// sourceFails reports whether a removal's holder, which reads the source, fails for a copy of it
// with the removal.
func (s *suite) sourceFails(t *testing.T, r removal, at place) bool {
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
		if filepath.ToSlash(rel) == at.file {
			text = slices.Concat(text[:at.begin], []byte(r.with), text[at.end:])
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
