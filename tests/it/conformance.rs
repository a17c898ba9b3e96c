//! `transload test`: what it says of good modules and of wrong ones.
