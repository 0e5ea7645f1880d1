package bsltest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"strings"
)

// hasher is ХешированиеДанных; valueStore is ХранилищеЗначения.
type hasher struct {
	h  hash.Hash
	fn any
}

type valueStore struct{ v any }

func (*hasher) TypeName() string       { return "ХешированиеДанных" }
func (*valueStore) TypeName() string   { return "ХранилищеЗначения" }
func (s *valueStore) cross(*World) any { return s }

// String shows bytes as the platform does: in pairs.
func (b *blob) String() string {
	var all []string
	for _, x := range b.data {
		all = append(all, fmt.Sprintf("%02X", x))
	}
	return strings.Join(all, " ")
}

func hashHost() Host {
	return Host{Types: []*Type{
		{Names: "ХешированиеДанных DataHashing", Since: "8.3.2 -thin -web", Min: 1, New: func(c *Call) any {
			switch arg[*EnumValue](c, 0).Name {
			case "MD5":
				return &hasher{md5.New(), c.Arg(0)}
			case "SHA1":
				return &hasher{sha1.New(), c.Arg(0)}
			case "CRC32":
				return &hasher{crc32.NewIEEE(), c.Arg(0)}
			}
			return &hasher{sha256.New(), c.Arg(0)}
		}, Methods: []Function{
			{Names: "Добавить Append", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
				data := []byte(c.Str(0))
				if b, ok := c.Arg(0).(*blob); ok {
					data = b.data
				}
				this[*hasher](c).h.Write(data)
				return nil
			}},
			{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any { this[*hasher](c).h.Reset(); return nil }},
		}, Properties: []Property{
			get("ХешСумма HashSum", func(h *hasher) any { return &blob{h.h.Sum(nil)} }),
			get("ХешФункция HashFunction", func(h *hasher) any { return h.fn }),
		}},
		{Names: "ХранилищеЗначения ValueStorage", Since: "-thin -web", Min: 1, Max: 2, New: func(c *Call) any { return &valueStore{c.Arg(0)} },
			Methods: []Function{{Names: "Получить Get", Do: func(c *Call) any { return this[*valueStore](c).v }}}},
	}}
}
