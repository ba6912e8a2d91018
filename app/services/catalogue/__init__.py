"""What a merchant sells: products, their SKUs, and the stock of these."""
