"""What convolutions and dense layers are built from: products of small tiles, transposes, windows."""
