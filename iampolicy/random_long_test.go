package iampolicy_test

import "strings"

// A pool is what the requests of a world are made of, where they are not made of the
// small vocabulary: long texts, and as policies texts that were made of them.
type pool struct {
	many    bool   // some policies have up to 300 statements
	effect  string // of most statements, if there are many
	plain   bool   // no policy has a variable, so that the key filter has something to leave out
	actions []string
	// resources are ARNs; texts are the values of condition keys.
	resources, texts []string
	// blurred are the patterns that were made of these.
	blurred map[string]bool
}

// newPool chooses how long texts are, up to 2,048 bytes of a resource and a value: those of
// many statements are short, since the naive evaluator takes text times pattern for each.
func (d dice) newPool() *pool {
	p := &pool{many: d.in(3), plain: d.in(2), effect: "Allow", blurred: map[string]bool{}}
	length := func(most int) int { return 1 + d.IntN(24) }
	switch {
	case p.many && d.in(4):
		length = func(most int) int { return min(most, 65+d.IntN(16)) }
	case p.many || d.in(3):
	case d.in(3):
		length = func(most int) int { return min(most, 300+d.IntN(1750)) }
	default:
		length = func(most int) int { return min(most, 65+d.IntN(200)) }
	}
	text := func(alphabet string, most int) string {
		chars := []rune(alphabet)
		var b strings.Builder
		for most = length(most); b.Len() < most; {
			b.WriteRune(chars[d.IntN(len(chars))])
		}
		return b.String()
	}
	texts := 3
	if p.many {
		texts = 20 // so that of many statements few match
	}
	for range texts {
		p.actions = append(p.actions, d.one("s3:", "sqs:")+text("abAB-", 150))
		p.resources = append(p.resources, d.one("arn:aws:s3:::", "arn:aws:sqs:us-east-1:111122223333:")+text("aaabbb/:-äää*?", 1995))
		p.texts = append(p.texts, text("aaabbbAB/:-äää*?", 2030))
	}
	// Texts that begin alike are what a search by beginnings has to tell apart.
	p.resources = append(p.resources, p.resources[0]+"/b", p.resources[1]+"a")
	p.texts = append(p.texts, "arn:aws:s3:::"+p.texts[0], "a")
	return p
}

// blur makes a pattern of a text: stretches of it become stars and question marks, and
// now and then something else.
func (d dice) blur(p *pool, text string) string {
	var b strings.Builder
	chars := []rune(text)
	for len(chars) > 0 {
		n := 1 + d.IntN(max(1, len(chars)*2/3))
		stretch := chars[:n]
		chars = chars[n:]
		switch d.IntN(10) {
		case 0:
			b.WriteString("*")
		case 1:
			b.WriteString(strings.Repeat("?", n))
		case 2:
			for i, c := range stretch {
				b.WriteString(map[bool]string{true: "?", false: string(c)}[i%2 == 0])
			}
		case 3:
			b.WriteString("*" + string(stretch[n/2:]))
		case 4:
			b.WriteString(string(stretch[:n/2]) + "*")
		case 5: // what is there once must not match twice
			b.WriteString(string(stretch) + "*" + string(stretch[n/2:]))
		case 6:
			if d.in(3) {
				stretch[d.IntN(n)] = 'b'
			}
			b.WriteString(string(stretch))
		default:
			b.WriteString(string(stretch))
		}
	}
	pattern := b.String()
	p.blurred[pattern] = true
	return pattern
}

// blurAction makes an action of a policy. A star may take the service too.
func (d dice) blurAction(p *pool, withService bool) string {
	action := d.one(p.actions...)
	service, name, _ := strings.Cut(action, ":")
	if withService && d.in(5) {
		service = d.blur(p, service)
	}
	pattern := service + ":" + d.blur(p, name)
	p.blurred[pattern] = true
	return pattern
}

// blurARN makes the ARN of a policy, whose parts it keeps apart.
func (d dice) blurARN(p *pool, arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "arn:aws:s3:::" + arn
	}
	for i := 1; i < 5; i++ {
		if d.in(12) {
			parts[i] = d.one("*", d.blur(p, parts[i])+"*")
		}
	}
	if tail := []rune(parts[5]); p.many && d.in(2) {
		// The shapes that an index tells apart: what the tail begins with, ends with, contains.
		i := d.IntN(len(tail) + 1)
		j := i + d.IntN(len(tail)+1-i)
		parts[5] = d.one(string(tail[:i])+"*", "*"+string(tail[i:]), "*"+string(tail[i:]), "*"+string(tail[i:j])+"*")
	} else {
		parts[5] = d.blur(p, parts[5])
	}
	if len(strings.Join(parts, ":")) > 2048 { // the most that a resource of a policy may have
		tail := []rune(strings.SplitN(arn, ":", 6)[5])
		parts[5] = string(tail[:len(tail)/3]) + "*" + string(tail[len(tail)*2/3:])
	}
	pattern := strings.Join(parts, ":")
	p.blurred[pattern] = true
	return pattern
}

// askOfPool gives the world a new request, mostly of its pool.
func (d dice) askOfPool(w *world) {
	p := w.pool
	if p.many && !d.in(4) {
		// Whoever has many statements to go by, and no one else to ask.
		w.Principal, w.ResourceAccount = randomPrincipals[d.IntN(2)], account
	}
	// A byte that is no UTF-8 is a character by itself.
	garbled := func(text string) string {
		if d.in(12) {
			return text[:len(text)/2] + "\xff" + text[len(text)/2:]
		}
		return text
	}
	if !d.in(6) {
		w.Action = d.one(p.actions...)
		if d.in(4) {
			w.Action = strings.ToUpper(w.Action)
		}
	}
	if !d.in(6) {
		w.ResourceARN = garbled(d.one(p.resources...))
	}
	for _, key := range []string{"x:s", "x:t", "aws:username", "x:arn"} {
		for i := range w.Context[key] {
			if !d.in(3) {
				w.Context[key][i] = garbled(d.one(p.texts...))
			}
		}
	}
}
