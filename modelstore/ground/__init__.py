"""What all packages of the site use: errors, tokens, files, pages of lists, rates. It knows no models."""
