"""Offer ranking: which of the offers that run now this customer will redeem."""
