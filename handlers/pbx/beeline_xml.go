package pbx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"zummer/models"
)

// Bounds of a document: events have some forty elements, ten deep.
const (
	beelineDepth    = 32
	beelineElements = 5000
)

// beelineNode is an element. Names are local and in lower case: the prefixes
// differ from system to system. The zero of all lookups is "", nil is allowed.
type beelineNode struct {
	name, kind, text string // kind is the attribute type, without a prefix
	raw              []byte // the text as it comes in, piece by piece
	kids             []*beelineNode
}

// beelineXML reads a whole document. A document type declaration is refused,
// entities of one's own too.
func beelineXML(body []byte) (*beelineNode, error) {
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	top := &beelineNode{}
	path := []*beelineNode{top}
	for n := 0; ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, models.Errorf(models.Malformed, "the body is not XML (byte %d)", dec.InputOffset())
		}
		here := path[len(path)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if n++; n > beelineElements || len(path) > beelineDepth {
				return nil, models.Errorf(models.Malformed, "the XML has more than %d elements or is more than %d deep", beelineElements, beelineDepth)
			}
			node := &beelineNode{name: strings.ToLower(t.Name.Local)}
			for _, a := range t.Attr {
				if a.Name.Local == "type" {
					node.kind = strings.ToLower(a.Value[strings.LastIndexByte(a.Value, ':')+1:])
				}
			}
			here.kids = append(here.kids, node)
			path = append(path, node)
		case xml.EndElement:
			here.text, here.raw = strings.TrimSpace(models.CleanText(string(here.raw))), nil
			path = path[:len(path)-1]
		case xml.CharData:
			here.raw = append(here.raw, t...) // comments may cut a text into any number of pieces
		case xml.Directive:
			return nil, models.Errorf(models.Malformed, "the XML has a document type declaration")
		}
	}
	if len(top.kids) != 1 {
		return nil, models.Errorf(models.Malformed, "the body is not one XML document")
	}
	return top.kids[0], nil
}

// find is the first element of that name below n, wherever it stands.
func (n *beelineNode) find(name string) *beelineNode {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
		if found := k.find(name); found != nil {
			return found
		}
	}
	return nil
}

// all lists the elements of that name below n, in their order.
func (n *beelineNode) all(name string) []*beelineNode {
	if n == nil {
		return nil
	}
	var out []*beelineNode
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
		out = append(out, k.all(name)...)
	}
	return out
}

// value is the text of the first element of that name below n.
func (n *beelineNode) value(name string) string {
	if found := n.find(name); found != nil {
		return found.text
	}
	return ""
}
