package awsquery

import (
	"bytes"
	"encoding/xml"
	"maps"
	"slices"
	"time"
)

// ContentType is that of every answer.
const ContentType = "text/xml"

// Document returns the answer to an action that has succeeded. namespace is the service's, "" for
// none. result is what package encoding/xml makes a structure of: its members are those of the
// action's output, of which [List], [Map] and [Time] have forms of their own. nil: the action has
// no output.
//
// Characters that XML does not have are replaced, as encoding/xml does it, with U+FFFD.
func Document(namespace, action, requestID string, result any) ([]byte, error) {
	var b bytes.Buffer
	open(&b, action+"Response", namespace)
	output := xml.StartElement{Name: xml.Name{Local: action + "Result"}}
	if err := xml.NewEncoder(&b).EncodeElement(result, output); err != nil { // which writes nothing for nil
		return nil, err
	}
	b.WriteString("<ResponseMetadata>")
	element(&b, "RequestId", requestID)
	b.WriteString("</ResponseMetadata></" + action + "Response>\n")
	return b.Bytes(), nil
}

// ErrorDocument returns the answer to an action that has failed. namespace is the service's, "" for
// none.
func ErrorDocument(namespace, requestID string, e *Error) []byte {
	fault := "Sender"
	if e.HTTPStatus() >= 500 {
		fault = "Receiver"
	}
	var b bytes.Buffer
	open(&b, "ErrorResponse", namespace)
	b.WriteString("<Error>")
	element(&b, "Type", fault)
	element(&b, "Code", e.Code)
	element(&b, "Message", e.Message)
	b.WriteString("</Error>")
	element(&b, "RequestId", requestID)
	b.WriteString("</ErrorResponse>\n")
	return b.Bytes()
}

func open(b *bytes.Buffer, name, namespace string) {
	b.WriteString("<" + name)
	if namespace != "" {
		b.WriteString(` xmlns="`)
		escape(b, namespace)
		b.WriteByte('"')
	}
	b.WriteByte('>')
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	escape(b, text)
	b.WriteString("</" + name + ">")
}

func escape(b *bytes.Buffer, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a bytes.Buffer takes everything
}

// Time is an instant in an answer. AWS writes it in whole seconds, with a Z.
type Time time.Time

// MarshalText returns the instant as AWS writes it.
func (t Time) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, time.RFC3339), nil
}

// List is a list in an answer: an element that holds one called member for each. nil is left out;
// an empty one is an empty element.
type List[T any] []T

// MarshalXML writes the list.
func (l List[T]) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	if l == nil {
		return nil
	}
	return within(enc, start, func() error {
		for _, v := range l {
			if err := enc.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: "member"}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Map is a map in an answer, in the order of its keys. nil is left out.
type Map[V any] map[string]V

// MarshalXML writes the map.
func (m Map[V]) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	if m == nil {
		return nil
	}
	type entry struct {
		Key   string `xml:"key"`
		Value V      `xml:"value"`
	}
	return within(enc, start, func() error {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if err := enc.EncodeElement(entry{key, m[key]}, xml.StartElement{Name: xml.Name{Local: "entry"}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// within writes what is inside an element.
func within(enc *xml.Encoder, start xml.StartElement, inside func() error) error {
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	if err := inside(); err != nil {
		return err
	}
	return enc.EncodeToken(start.End())
}
