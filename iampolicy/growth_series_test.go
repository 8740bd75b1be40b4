package iampolicy_test

import (
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// everySeries returns documents that are long of one thing each: of every list that a
// document can have, of mistakes, and of texts.
func everySeries() (all []series) {
	add := func(
		name string, kind iampolicy.PolicyType, head string, unit func(i int) string, tail string, most int,
		options ...iampolicy.ParseOption,
	) {
		all = append(all, series{name: name, kind: kind, head: head, unit: unit, tail: tail, most: most, options: options})
	}
	const (
		begin    = `{"Version":"2012-10-17","Statement":[`
		end      = `]}`
		identity = begin + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`
		resource = begin + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`
	)
	say := func(format string) func(int) string {
		return func(i int) string { return strings.ReplaceAll(format, "#", fmt.Sprint(i)) }
	}
	pad := func(n int) string { return strings.Repeat("a", n) }

	// Lists of a statement.
	for name, unit := range map[string]string{
		"plain":                         `"s3:A#"`,
		"endings":                       `"s3:A#*"`,
		"stars":                         `"s3:*a*#"`,
		"question marks":                `"s3:?a*#"`,
		"alike":                         `"s3:A"`,
		"short":                         `"a:b"`,
		"long":                          `"s3:` + pad(200) + `#"`,
		"long with stars":               `"s3:` + pad(60) + `*` + pad(60) + `*` + pad(60) + `#*"`,
		"many stars":                    `"s3:` + strings.Repeat("*a", 100) + `#"`,
		"many question marks":           `"s3:*` + strings.Repeat("?a", 100) + `b*#"`,
		"nested":                        `"s3:aaaa*#"`,
		"everything":                    `"*"`,
		"services":                      `"s#:*"`,
		"every service":                 `"*:A#"`,
		"folded":                        `"S3:AbC#"`,
		"plain and with question marks": `"s3:A#","s3:?#"`,
		"plain and with stars":          `"s3:A#","s3:*#*"`,
		"invalid":                       `"nothing#"`,
		"invalid and long":              `"` + pad(250) + `#"`,
	} {
		for _, element := range []string{"Action", "NotAction"} {
			if element == "NotAction" && name != "plain" && name != "stars" {
				continue // the two are compiled by the same code
			}
			add(element+" "+name, iampolicy.IdentityPolicy, begin+`{"Effect":"Deny","Resource":"*","`+element+`":[`, say(unit), `]}`+end, 0)
		}
	}
	for name, unit := range map[string]string{
		"plain":                        `"arn:aws:s3:::b#"`,
		"endings":                      `"arn:aws:s3:::b#/*"`,
		"stars":                        `"arn:aws:s3:::*a*#"`,
		"question marks":               `"arn:aws:s3:::?a*#"`,
		"alike":                        `"arn:aws:s3:::b/*"`,
		"everything":                   `"*"`,
		"regions":                      `"arn:aws:s3:*:#:b"`,
		"heads":                        `"arn:aws:s#:::b"`,
		"long":                         `"arn:aws:s3:::#` + pad(2000) + `"`,
		"long endings":                 `"arn:aws:s3:::*` + pad(2000) + `#"`,
		"long and many stars":          `"arn:aws:s3:::` + strings.Repeat("*a", 1000) + `#"`,
		"long and many question marks": `"arn:aws:s3:::*` + strings.Repeat("?a", 1000) + `b*#"`,
		"long with a few stars":        `"arn:aws:s3:::*` + pad(600) + `*` + pad(600) + `b*` + pad(600) + `#*"`,
		"variables":                    `"arn:aws:s3:::b/${aws:username}/${x:#}"`,
		"defaults":                     `"arn:aws:s3:::b/${x:y, 'a#'}/*"`,
		"many variables":               `"arn:aws:s3:::` + strings.Repeat("${a:b}", 16) + `#"`,
		"escaped wildcards":            `"arn:aws:s3:::b/` + strings.Repeat("${*}", 100) + `#"`,
		"short ARNs":                   `"arn:aws:s#"`,
		"almost whole ARNs":            `"arn:aws:s3::"`,
		"invalid":                      `"b#"`,
		"invalid variables":            `"arn:aws:s3:::` + strings.Repeat("${", 100) + `"`,
		"unclosed defaults":            `"arn:aws:s3:::` + strings.Repeat("${a,'", 100) + `"`,
	} {
		for _, element := range []string{"Resource", "NotResource"} {
			if element == "NotResource" && name != "plain" && name != "stars" {
				continue
			}
			add(element+" "+name, iampolicy.IdentityPolicy, begin+`{"Effect":"Deny","Action":"s3:GetObject","`+element+`":[`, say(unit),
				`]}`+end, 0)
		}
	}
	add("Resource buckets for an action on objects", iampolicy.IdentityPolicy,
		begin+`{"Effect":"Allow","Action":"s3:GetObject","Resource":[`, say(`"arn:aws:s3:::b#"`), `]}`+end, 0)
	add("Resource short forms", iampolicy.ResourcePolicy, begin+
		`{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":[`, say(`"execute-api:/prod/GET/a#"`), `]}`+end, 0,
		iampolicy.WithAPIGateway("us-east-1", "111122223333", "abc"))

	// Principals.
	id := func(i int) string { return fmt.Sprintf(`"%012d"`, i) }
	arns := func(i int) string { return fmt.Sprintf(`"arn:aws:iam::%012d:user/u%d"`, i, i) }
	roles := func(i int) string { return fmt.Sprintf(`"arn:aws:iam::%012d:role/r%d"`, i, i) }
	roots := func(i int) string { return fmt.Sprintf(`"arn:aws:iam::%012d:root"`, i) }
	sessions := func(i int) string { return fmt.Sprintf(`"arn:aws:sts::%012d:assumed-role/r/s%d"`, i, i) }
	federated := func(i int) string { return fmt.Sprintf(`"arn:aws:sts::%012d:federated-user/f%d"`, i, i) }
	mixed := func(units ...func(int) string) func(int) string {
		return func(i int) string { return units[i%len(units)](i) }
	}
	apart := func(a, b func(int) string) func(int) string { // of accounts that have nothing in common
		return mixed(a, func(i int) string { return b(1_000_000 + i) })
	}
	for name, unit := range map[string]func(int) string{
		"accounts":           id,
		"roots":              roots,
		"users":              arns,
		"roles":              roles,
		"sessions":           sessions,
		"federated users":    federated,
		"accounts and users": apart(id, arns),
		"accounts and roles": apart(id, roles),
		"roots and sessions": apart(roots, sessions),
		"roles and accounts": apart(roles, id),
		"of one account":     func(i int) string { return arns(7)[:len(arns(7))-1] + fmt.Sprint(i) + `"` },
		"all kinds":          mixed(id, arns, roles, roots, sessions, federated),
		"invalid":            say(`"arn:aws:iam::1:user/#"`),
		"groups":             say(`"arn:aws:iam::111122223333:group/#"`),
		"wildcards":          say(`"a*#"`),
	} {
		add("Principal "+name, iampolicy.ResourcePolicy, resource+`,"Principal":{"AWS":[`, unit, `]}}`+end, 0)
		add("NotPrincipal "+name, iampolicy.ResourcePolicy, strings.Replace(resource, "Allow", "Deny", 1)+`,"NotPrincipal":{"AWS":[`, unit,
			`]}}`+end, 0)
	}
	for _, kind := range []string{"Service", "Federated", "CanonicalUser"} {
		add("Principal "+kind, iampolicy.TrustPolicy, begin+`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"`+kind+`":[`,
			say(`"p#.example.com"`), `]}}`+end, 0)
		add("NotPrincipal "+kind, iampolicy.ResourcePolicy, strings.Replace(resource, "Allow", "Deny", 1)+`,"NotPrincipal":{"`+kind+`":[`,
			say(`"p#.example.com"`), `]}}`+end, 0)
	}
	add("Principal of an unknown kind with a long name", iampolicy.ResourcePolicy, resource+`,"Principal":{"`+pad(20_000)+`":[`, say(`"p"`),
		`]}}`+end, 0)
	add("Principal of many unknown kinds", iampolicy.ResourcePolicy, resource+`,"Principal":{`, say(`"`+pad(200)+`#":["p","p"]`), `}}`+end,
		1000)

	// Conditions: the values of every operator, in one list.
	for operator, unit := range map[string]string{
		"StringEquals":               `"a#"`,
		"StringNotEqualsIgnoreCase":  `"A#"`,
		"StringLike":                 `"*a*#"`,
		"ForAllValues:StringNotLike": `"?a?#"`,
		"NumericEquals":              `"#"`,
		"NumericLessThan":            `#`,
		"NumericGreaterThanEquals":   `"1#.5e3"`,
		"DateEquals":                 `"170920#"`,
		"DateLessThan":               `"2024-02-29T12:00:00.#Z"`,
		"Bool":                       `"true"`,
		"Null":                       `"false"`,
		"BinaryEquals":               `"QUJD"`,
		"ArnLike":                    `"arn:aws:s3:::b#/*"`,
		"ForAnyValue:ArnNotEquals":   `"arn:*:s3:*:*:${x:y}#"`,
	} {
		add("Condition values of "+operator, iampolicy.IdentityPolicy, identity+`,"Condition":{"`+operator+`":{"x:k":[`, say(unit),
			`]}}}`+end, 0)
	}
	add("Condition values of IpAddress", iampolicy.IdentityPolicy, identity+
		`,"Condition":{"IpAddress":{"aws:SourceIp":[`, func(i int) string {
		return fmt.Sprintf(`"10.%d.%d.7/24"`, i>>8&255, i&255)
	}, `]}}}`+end, 0)
	add("Condition values that are invalid", iampolicy.IdentityPolicy, identity+`,"Condition":{"NumericEquals":{"x:k":[`, say(`"a#"`),
		`]}}}`+end, 0)
	for name, unit := range map[string]string{
		"long":                 `"` + pad(4000) + `#"`,
		"long and many stars":  `"` + strings.Repeat("*a", 2000) + `#"`,
		"variables":            `"${x:a#}"`,
		"many variables":       `"` + strings.Repeat("${a:b}", 16) + `#"`,
		"default":              `"${x:a, '#'}*"`,
		"escapes":              `"\u0061\n\t\"\\#"`,
		"long escapes":         `"` + strings.Repeat(`\u0061`, 400) + `#"`,
		"unquoted":             `#`,
		"long numbers":         `1` + strings.Repeat("0", 2000) + `#`,
		"letters beyond ASCII": `"äöüß#"`,
		"alike":                `"a"`,
		"empty":                `""`,
		"dollars":              `"` + strings.Repeat("$", 400) + `#"`,
		"escaped dollars":      `"` + strings.Repeat("${$}", 400) + `#"`,
		"defaults with braces": `"` + strings.Repeat("${a:b, '}'}", 16) + `#"`,
	} {
		add("Condition values "+name, iampolicy.IdentityPolicy, identity+`,"Condition":{"StringLike":{"x:k":[`, say(unit), `]}}}`+end, 0)
	}
	for _, pair := range [][2]string{{"NumericLessThan", "NumericGreaterThan"}, {"DateLessThanEquals", "DateGreaterThanEquals"}} {
		// Each bound from above is below each from below: only the last pair could tell.
		add("Condition bounds of "+pair[0]+" and "+pair[1], iampolicy.IdentityPolicy, identity+`,"Condition":{"`+pair[1]+
			`":{"x:k":["999999999"`+strings.Repeat(`,"999999999"`, 2_000)+
			`]},"`+pair[0]+`":{"x:k":[`, say(`"1#"`), `]}}}`+end, 40_000)
	}
	halves := func(operator string, values, most int) series {
		return series{
			name: fmt.Sprintf("Condition %d bounds of %s from both sides", values, operator),
			kind: iampolicy.IdentityPolicy, head: begin, tail: end, most: most,
			unit: func(i int) string {
				list := func(from int) string {
					var b strings.Builder
					for j := range values {
						fmt.Fprintf(&b, `,"%d"`, from+j)
					}
					return b.String()[1:]
				}
				return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"` + operator + `LessThan":{"x:k":[` +
					list(10_000) + `]},"` + operator + `GreaterThan":{"x:k":[` + list(20_000) + `]}}}`
			},
		}
	}
	all = append(all, halves("Numeric", 100, 0), halves("Date", 100, 0), halves("Numeric", 1_000, 0))
	add("Condition keys", iampolicy.IdentityPolicy, identity+`,"Condition":{"StringEquals":{`, say(`"x:k#":"a"`), `}}}`+end, 250)
	add("Condition keys of long names", iampolicy.IdentityPolicy, identity+`,"Condition":{"StringEqualsIfExists":{`,
		say(`"x:`+pad(4000)+`#":"a"`), `}}}`+end, 250)
	add("Condition keys beyond the limit", iampolicy.IdentityPolicy, identity+`,"Condition":{"StringEquals":{`,
		say(`"x:`+pad(200)+`#":"a"`), `}}}`+end, 1000)
	add("Condition keys in two cases", iampolicy.IdentityPolicy, identity+`,"Condition":{"StringEquals":{`, func(i int) string {
		return `"` + map[bool]string{true: "X", false: "x"}[i%2 == 0] + fmt.Sprintf(`:%0300d":"a"`, i/2)
	}, `}}}`+end, 1000)
	add("Condition key of a long name with many values", iampolicy.IdentityPolicy,
		identity+`,"Condition":{"StringLike":{"x:`+pad(20_000)+`":[`, say(`"a"`), `]}}}`+end, 0)
	add("Condition operators that are unknown", iampolicy.IdentityPolicy, identity+`,"Condition":{`, say(`"StringEqual#":{"x:k":"a"}`),
		`}}`+end, 1000)
	add("Condition operators that are unknown in each of many statements", iampolicy.IdentityPolicy, begin,
		say(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{`+
			strings.Repeat(`"stringequals#":{"x:k":"a"},`, 30)+`"a":{}}}`), end, 1000)
	add("Condition every operator on one key in each of many statements", iampolicy.IdentityPolicy, begin, func(i int) string {
		var b strings.Builder
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, operator := range []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "Null"} {
				fmt.Fprintf(&b, `,"%s%s":{"aws:TagKeys":"true"}`, set, operator)
			}
		}
		return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{` + b.String()[1:] + `}}`
	}, end, 1000)
	add("Condition 250 keys in each of many statements", iampolicy.IdentityPolicy, begin, func(i int) string {
		var b strings.Builder
		for j := range 250 {
			fmt.Fprintf(&b, `,"k%03d":"1"`, j)
		}
		return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringNotEquals":{` + b.String()[1:] + `}}}`
	}, end, 1000)

	// Statements.
	statement := func(more string) string {
		return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"` + more + `}`
	}
	for name, unit := range map[string]string{
		"alike":            statement(""),
		"Sids":             statement(`,"Sid":"S#"`),
		"long Sids":        statement(`,"Sid":"S` + pad(800) + `#"`),
		"one Sid":          statement(`,"Sid":"S"`),
		"actions":          `{"Effect":"Allow","Action":"s3:A#","Resource":"*"}`,
		"services":         `{"Effect":"Allow","Action":"s#:*","Resource":"*"}`,
		"nested actions":   `{"Effect":"Allow","Action":"s3:aaaaaaaaa*","Resource":"*"}`,
		"resources":        `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b#/*"}`,
		"endings":          `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*` + pad(700) + `#"}`,
		"insides":          `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*dept#/*"}`,
		"conditions":       statement(`,"Condition":{"StringEquals":{"x:k":"v#"}}`),
		"values":           statement(`,"Condition":{"StringEquals":{"x:k":["v#","w#","x#","y#"]}}`),
		"NotAction":        `{"Effect":"Deny","NotAction":"s3:A#","Resource":"*"}`,
		"unknown elements": `{"Efect":"Allow","action":"s3:A#"}`,
		"empty":            `{}`,
		"no objects":       `"s#"`,
		"many elements":    `{` + strings.TrimSuffix(strings.Repeat(`"e#":1,`, 1), ",") + `}`,
	} {
		add("Statements "+name, iampolicy.IdentityPolicy, begin, say(unit), end, 1000)
	}
	add("Statements beyond the limit", iampolicy.IdentityPolicy, begin, say(`{}`), end, 0)
	add("Statements of an SCP", iampolicy.SCP, begin, say(`{"Effect":"Allow","Action":"s#:*","Resource":"*"}`), end, 1000)
	add("Statements of an RCP", iampolicy.RCP, begin, say(`{"Effect":"Deny","Principal":"*","Action":"s3:A#","Resource":"*"}`), end, 1000)
	lists := func(format string, n int, unit func(i, j int) string) func(int) string {
		return func(i int) string {
			var b strings.Builder
			for j := range n {
				b.WriteString(`,"` + unit(i, j) + `"`)
			}
			return strings.ReplaceAll(strings.ReplaceAll(format, "LIST", b.String()[1:]), "#", fmt.Sprint(i))
		}
	}
	// What an index is built of: each statement is in the bucket of each of its actions.
	short := func(_, j int) string { return fmt.Sprintf("s:%d", j) }
	mostly := func(i, j int) string { // so that no two buckets hold the same statements
		return fmt.Sprintf("s:%d", (j*7+i*13+i*j%5)%400)
	}
	add("Index 256 actions, a long ending", iampolicy.IdentityPolicy, begin,
		lists(`{"Effect":"Allow","Action":[LIST],"Resource":"arn:aws:s3:::*#`+pad(1900)+`"}`, 250, short), end, 1000)
	add("Index 250 actions that differ, a long ending", iampolicy.IdentityPolicy, begin,
		lists(`{"Effect":"Allow","Action":[LIST],"Resource":"arn:aws:s3:::*#`+pad(1900)+`"}`, 250, mostly), end, 1000)
	add("Index 250 actions that differ, a long beginning", iampolicy.IdentityPolicy, begin,
		lists(`{"Effect":"Allow","Action":[LIST],"Resource":"arn:aws:s3:::`+pad(1900)+`#*"}`, 250, mostly), end, 1000)
	add("Index 90 actions that differ, many grams", iampolicy.IdentityPolicy, begin,
		lists(`{"Effect":"Allow","Action":[LIST],"Resource":"arn:aws:s3:::*abcdefghijklmnopqrstuvwxyz0123456789#*"}`, 90, mostly), end,
		1000)
	add("Index 120 actions that differ, two resources", iampolicy.IdentityPolicy, begin,
		lists(`{"Effect":"Allow","Action":[LIST],"Resource":["arn:aws:s3:::*abcdefghijklmnopqrstuvwxyz0123456789#*","arn:aws:s3:::b#*c"]}`,
			120, mostly),
		end, 1000)
	add("Index 100 actions, 100 conditions", iampolicy.IdentityPolicy, begin, func(i int) string {
		var b strings.Builder
		for j := range 240 {
			fmt.Fprintf(&b, `,"k%d":"%d"`, j, i)
		}
		return lists(`{"Effect":"Allow","Action":[LIST],"Resource":"*","Condition":{"StringEquals":{`+b.String()[1:]+`}}}`, 250, mostly)(i)
	}, end, 1000)
	add("Index 40 actions, 40 values", iampolicy.IdentityPolicy, begin, func(i int) string {
		var b strings.Builder
		for j := range 40 {
			fmt.Fprintf(&b, `,"%d"`, i*j)
		}
		return lists(`{"Effect":"Allow","Action":[LIST],"Resource":"*","Condition":{"StringEquals":{"x:k":[`+b.String()[1:]+`]}}}`, 40,
			mostly)(i)
	}, end, 1000)
	add("Index nested beginnings of actions", iampolicy.IdentityPolicy, begin, func(i int) string {
		return `{"Effect":"Allow","Action":"s:` + pad(i%250) + `*","Resource":"*"}`
	}, end, 1000)
	add("Index nested beginnings of resources", iampolicy.IdentityPolicy, begin, func(i int) string {
		return `{"Effect":"Allow","Action":"s:a","Resource":"arn:aws:s3:::` + pad(i) + `*"}`
	}, end, 1000)

	// JSON.
	add("Document members", iampolicy.IdentityPolicy, `{`, say(`"m#":1`), `}`, 1000)
	add("Document members of one name", iampolicy.IdentityPolicy, `{`, say(`"`+pad(300)+`":1`), `}`, 1000)
	add("Document long members of one name", iampolicy.IdentityPolicy, `{`, say(`"`+pad(7_000)+`":1`), `}`, 0)
	add("Document white space", iampolicy.IdentityPolicy, identity+"}]\n", func(i int) string {
		if i == 0 {
			return `,"Id":"a"` + strings.Repeat(" \n\t", 1000)
		}
		return `"I#":"a"` + strings.Repeat(" \n\t", 1000)
	}, "}", 1000)
	add("Document numbers", iampolicy.IdentityPolicy, `{"Statement":[`, say(`-#.5e7`), `]}`, 0)
	add("Document deep lists", iampolicy.IdentityPolicy, `{"Statement":[`,
		func(int) string { return strings.Repeat("[", 13) + strings.Repeat("]", 13) }, `]}`, 0)
	add("Document deep objects", iampolicy.IdentityPolicy, `{"Statement":[`,
		func(int) string { return strings.Repeat(`{"a":`, 13) + "1" + strings.Repeat("}", 13) }, `]}`, 0)
	add("Document characters that a policy may not have", iampolicy.IdentityPolicy, `{"Statement":[`, say(`"\u2028\u0001€#"`), `]}`, 0)
	add("Document such characters below a long name", iampolicy.IdentityPolicy, `{"`+pad(20_000)+`":[`, say(`"€€€€"`), `]}`, 0)
	add("Document such characters below many long names", iampolicy.IdentityPolicy, strings.Repeat(`{"`+pad(2_000)+`":`, 13)+`[`,
		say(`"€€€€"`), `]`+strings.Repeat(`}`, 13), 0)
	add("Document escapes", iampolicy.IdentityPolicy, `{"Statement":[`, say(`"`+strings.Repeat(`\n\u00e4\/`, 20)+`"`), `]}`, 0)
	add("Document long texts", iampolicy.IdentityPolicy, `{"Statement":[`, say(`"`+pad(20_000)+`"`), `]}`, 0)
	add("Document duplicate elements", iampolicy.IdentityPolicy, begin,
		say(`{"Sid":"a","Sid":"b","Sid":"c","Sid":"d","Sid":"e","Sid":"f"}`), end, 1000)
	return all
}
