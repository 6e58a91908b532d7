-- What a demonstration brought along is found by its tag, however much else there is.
CREATE INDEX conversations_demo ON conversations (organization_id) WHERE is_demo;
CREATE INDEX customers_demo ON customers (organization_id) WHERE is_demo;
