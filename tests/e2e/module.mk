# programs and screens as a person meets them
