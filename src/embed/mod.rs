//! Crops to embeddings, in batches.
