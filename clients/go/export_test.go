package zummer

// VerifyAt is Verify at a time.
var VerifyAt = verifyAt
