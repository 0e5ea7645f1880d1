package phone

// ByTables and Russian are the long and the short way, for a test that compares
// them.
func ByTables(digits string, plus bool, region string) string { return byTables(digits, plus, region) }

// Russian is the short one.
func Russian(digits string, plus bool, region string) string { return russian(digits, plus, region) }
