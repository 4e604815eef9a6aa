//! Judges an embedding: pairs, folds, ROC, VAL at FAR, failures.
