//! Deliveries and payments that belong to no order, and what is left over.
