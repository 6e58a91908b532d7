//! One file or folder per channel type, in one explicit list
